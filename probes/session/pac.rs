//! Runs a proxy script: a stranger's program, within bounds of time, memory and stack, that can reach nothing.
//!
//! The script sees the functions of PAC and what JavaScript itself has. It opens nothing, asks nobody, and what it prints goes
//! nowhere: a name that it wants resolved is looked up between two runs of it.

mod helpers;

use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::context::{EvalOptions, intrinsic};
use rquickjs::prelude::{Coerced, Opt};
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Error, Function, IntoJs, Runtime, Value};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::Means;
use crate::os::SystemLookup;
use crate::wire::text::shown;
use helpers::Known;

/// What a script said for one host: its answer as it stands, or why there is none.
pub(crate) type Said = Result<String, String>;

/// Asks a script for the ways to `https://HOST/` for each host, in order. `own` is the address that this computer sends from.
///
/// Names that the script wants resolved are looked up as any program here would, eight at most. All of it takes
/// [`LONGEST_RUN`] a run and [`LOOKUPS`] for the names at most; what a script does beyond is its fault and no error.
pub(crate) async fn ask(means: &Means<'_>, script: &str, hosts: &[String], own: Option<IpAddr>) -> Vec<Said> {
    let mut names = HashMap::new();
    let mut left = LOOKUPS;
    for _ in 1..RUNS {
        let (said, asked) = run_apart(means, script, hosts, own, &names).await;
        let new: Vec<String> =
            asked.into_iter().filter(|name| !names.contains_key(name)).take(NAMES - names.len().min(NAMES)).collect();
        if new.is_empty() || left.is_zero() {
            return said;
        }
        for name in new {
            let began = means.clock.elapsed();
            let found = match means.system.lookup(&name, left).await {
                Ok(SystemLookup::Found(addresses)) => addresses,
                Ok(
                    SystemLookup::NotFound(_)
                    | SystemLookup::TryAgain(_)
                    | SystemLookup::Failed(_)
                    | SystemLookup::Silent,
                )
                | Err(_) => Vec::new(),
            };
            left = left.saturating_sub(means.clock.elapsed().saturating_sub(began));
            names.insert(name, found);
        }
    }
    run_apart(means, script, hosts, own, &names).await.0
}

/// Runs the script on a thread of the blocking pool. A few of JavaScript's own functions obey no time limit while they
/// loop, such as a search through an array that claims to be endless. Such a run is left behind, and ends with the
/// program.
async fn run_apart(
    means: &Means<'_>,
    script: &str,
    hosts: &[String],
    own: Option<IpAddr>,
    names: &HashMap<String, Vec<IpAddr>>,
) -> (Vec<Said>, Vec<String>) {
    let known = Known { own, names: names.clone(), ..Known::default() };
    let (script, asked, now) = (script.to_owned(), hosts.to_vec(), means.clock.wall());
    let ran = timeout(LONGEST_RUN * 2, spawn_blocking(move || run(&script, &asked, known, now))).await;
    match ran {
        Ok(Ok(ran)) => ran,
        Ok(Err(_)) => (hosts.iter().map(|_| Err("the engine failed".to_owned())).collect(), Vec::new()),
        Err(_) => (hosts.iter().map(|_| Err(ENDLESS.to_owned())).collect(), Vec::new()),
    }
}

/// One run of the script: what it said for each host, and the names that it asked for and that are not known.
fn run(script: &str, hosts: &[String], known: Known, now: Duration) -> (Vec<Said>, Vec<String>) {
    let all = |why: &str| hosts.iter().map(|_| Err(why.to_owned())).collect();
    let known = Rc::new(known);
    let said = match engine() {
        Ok(context) => context.with(|ctx| match prepare(&ctx, script, &known, now) {
            Ok(function) => hosts.iter().map(|host| answer(&ctx, &function, host)).collect(),
            Err(why) => all(&why),
        }),
        Err(_) => all("the engine could not be started"),
    };
    let asked = known.asked.borrow().iter().cloned().collect();
    (said, asked)
}

fn engine() -> Result<Context, Error> {
    let runtime = Runtime::new()?;
    runtime.set_memory_limit(MEMORY);
    runtime.set_max_stack_size(STACK);
    let began = Instant::now();
    runtime.set_interrupt_handler(Some(Box::new(move || began.elapsed() >= LONGEST_RUN)));
    // No promises, no threads' memory, no clocks of their own: scripts of 1996 need none of it.
    Context::custom::<(
        intrinsic::Date,
        intrinsic::Eval,
        intrinsic::RegExpCompiler,
        intrinsic::RegExp,
        intrinsic::Json,
        intrinsic::MapSet,
    )>(&runtime)
}

/// The script's function, once all that it defines is defined.
fn prepare<'js>(ctx: &Ctx<'js>, script: &str, known: &Rc<Known>, now: Duration) -> Result<Function<'js>, String> {
    let ready = define(ctx, known).and_then(|()| {
        let times: Function<'_> = ctx.eval(include_str!("pac/times.js"))?;
        times.call::<_, ()>((now.as_secs_f64() * 1000.0,))
    });
    ready.catch(ctx).map_err(|error| told(&error))?;
    let mut options = EvalOptions::default();
    options.strict = false;
    let script = script.trim_start_matches('\u{feff}');
    ctx.eval_with_options::<Value<'_>, _>(script, options).catch(ctx).map_err(|error| told(&error))?;
    let found = "typeof FindProxyForURL === 'function' ? FindProxyForURL : \
                 typeof FindProxyForURLEx === 'function' ? FindProxyForURLEx : undefined";
    let function: Option<Function<'_>> = ctx.eval(found).catch(ctx).map_err(|error| told(&error))?;
    function.ok_or_else(|| "it defines no function FindProxyForURL".to_owned())
}

fn answer<'js>(ctx: &Ctx<'js>, function: &Function<'js>, host: &str) -> Said {
    let value: Value<'_> =
        function.call((format!("https://{host}/"), host)).catch(ctx).map_err(|error| told(&error))?;
    let Some(text) = value.as_string() else { return Err("it gives no text".to_owned()) };
    text.to_string().map_err(|_| "it gives no text".to_owned())
}

/// The functions of PAC that ask for names, addresses and patterns.
fn define<'js>(ctx: &Ctx<'js>, known: &Rc<Known>) -> Result<(), Error> {
    type Text = Coerced<String>;
    let globals = ctx.globals();
    let function = |name: &str, function: Result<Function<'js>, Error>| globals.set(name, function?);
    let with = || Rc::clone(known);
    function("isPlainHostName", Function::new(ctx.clone(), |host: Text| helpers::is_plain_host_name(&host.0)))?;
    function(
        "dnsDomainIs",
        Function::new(ctx.clone(), |host: Text, domain: Text| helpers::dns_domain_is(&host.0, &domain.0)),
    )?;
    function(
        "localHostOrDomainIs",
        Function::new(ctx.clone(), |host: Text, name: Text| helpers::local_host_or_domain_is(&host.0, &name.0)),
    )?;
    function("dnsDomainLevels", Function::new(ctx.clone(), |host: Text| helpers::dns_domain_levels(&host.0)))?;
    function("convert_addr", Function::new(ctx.clone(), |address: Text| helpers::convert_addr(&address.0)))?;
    function(
        "shExpMatch",
        Function::new(ctx.clone(), |text: Text, pattern: Text| helpers::sh_exp_match(&text.0, &pattern.0)),
    )?;
    let names = with();
    let resolve = move |ctx: Ctx<'js>, host: Text| or_null(ctx, names.dns_resolve(&host.0));
    function("dnsResolve", Function::new(ctx.clone(), resolve))?;
    let names = with();
    function("isResolvable", Function::new(ctx.clone(), move |host: Text| names.dns_resolve(&host.0).is_some()))?;
    let names = with();
    let in_net = move |host: Text, pattern: Text, mask: Text| names.is_in_net(&host.0, &pattern.0, &mask.0);
    function("isInNet", Function::new(ctx.clone(), in_net))?;
    let names = with();
    function("myIpAddress", Function::new(ctx.clone(), move || names.my_ip_address()))?;
    let names = with();
    function("dnsResolveEx", Function::new(ctx.clone(), move |host: Text| names.dns_resolve_ex(&host.0)))?;
    let names = with();
    let resolvable = move |host: Text| !names.dns_resolve_ex(&host.0).is_empty();
    function("isResolvableEx", Function::new(ctx.clone(), resolvable))?;
    let names = with();
    let in_net = move |host: Text, prefix: Text| names.is_in_net_ex(&host.0, &prefix.0);
    function("isInNetEx", Function::new(ctx.clone(), in_net))?;
    let names = with();
    function("myIpAddressEx", Function::new(ctx.clone(), move || names.my_ip_address()))?;
    function("alert", Function::new(ctx.clone(), |_: Opt<Value<'_>>| ()))
}

fn or_null(ctx: Ctx<'_>, text: Option<String>) -> Result<Value<'_>, Error> {
    match text {
        Some(text) => text.into_js(&ctx),
        None => Ok(Value::new_null(ctx)),
    }
}

/// Why the script did not come to its answer, in the engine's words.
fn told(error: &CaughtError<'_>) -> String {
    let words = match error {
        CaughtError::Exception(exception) => exception.message().unwrap_or_default(),
        CaughtError::Value(value) => value.as_string().and_then(|text| text.to_string().ok()).unwrap_or_default(),
        CaughtError::Error(_) => String::new(),
    };
    match words.as_str() {
        "interrupted" => ENDLESS.to_owned(),
        "" => "it failed without a word, or for want of memory".to_owned(),
        words => shown(words, WORDS),
    }
}

/// A run in use takes a millisecond.
const LONGEST_RUN: Duration = Duration::from_millis(500);
/// How long the names of one script may take to look up, together.
const LOOKUPS: Duration = Duration::from_secs(3);
/// A name may lead to the next one; scripts in use ask for all of theirs in the first run.
const RUNS: usize = 3;
/// How many names are looked up for one script.
const NAMES: usize = 8;
/// The largest scripts in use are below a megabyte and hold lists.
const MEMORY: usize = 16 << 20;
/// A quarter of what a thread of the blocking pool has at least.
const STACK: usize = 256 << 10;
/// How many characters of the engine's words are kept.
const WORDS: usize = 160;
const ENDLESS: &str = "it did not end in time";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;

    fn run_at(script: &str, known: Known) -> (Said, Vec<String>) {
        // 2026-07-01 00:00:00 UTC, a Wednesday.
        let (mut said, asked) = run(script, &["zoom.us".to_owned()], known, Duration::from_secs(1_782_864_000));
        (said.remove(0), asked)
    }

    #[track_caller]
    fn says(body: &str, expected: &str) {
        let script = format!("function FindProxyForURL(url, host) {{ {body} }}");
        assert_eq!(run_at(&script, Known::default()).0.as_deref(), Ok(expected), "{body}");
    }

    #[track_caller]
    fn fails(script: &str, expected: &str) {
        let began = Instant::now();
        let why = run_at(script, Known::default()).0.unwrap_err();
        assert!(why.contains(expected), "{why}");
        assert!(began.elapsed() < Duration::from_secs(5), "{script}");
    }

    #[test]
    fn a_script_sees_url_and_host() {
        says("return url + ' ' + host;", "https://zoom.us/ zoom.us");
        let variable = "var FindProxyForURL = function (u, h) { return 'DIRECT' }";
        assert_eq!(run_at(variable, Known::default()).0.as_deref(), Ok("DIRECT"));
        let constant = "\u{feff}const FindProxyForURL = (u, h) => 'DIRECT'";
        assert_eq!(run_at(constant, Known::default()).0.as_deref(), Ok("DIRECT"));
    }

    #[test]
    fn the_functions_of_pac_are_there() {
        says("return dnsDomainIs(host, '.us') && shExpMatch(url, 'https://*') ? 'a' : 'b'", "a");
        says(
            "return [isPlainHostName('x'), localHostOrDomainIs('www', 'www.zoom.us'), dnsDomainLevels(host)].join()",
            "true,true,1",
        );
        says(
            "return [isInNet('10.1.2.3', '10.0.0.0', '255.0.0.0'), isInNetEx('::1', '::/8'), myIpAddress()].join()",
            "true,true,127.0.0.1",
        );
        says("alert('x'); alert(); return String(convert_addr('1.0.0.1'))", "16777217");
    }

    #[test]
    fn the_days_and_hours_of_the_clock_given_count() {
        says(
            "return [weekdayRange('WED', 'GMT'), weekdayRange('SAT', 'WED', 'GMT'), weekdayRange('THU', 'TUE', 'GMT')].join()",
            "true,true,false",
        );
        says(
            "return [dateRange(1, 'GMT'), dateRange('JUL', 'GMT'), dateRange(2026, 'GMT'), dateRange(1, 'JUL', 'GMT')].join()",
            "true,true,true,true",
        );
        says(
            "return [dateRange(30, 'JUN', 2026, 2, 'JUL', 2026, 'GMT'), dateRange('DEC', 'JUN', 'GMT'), dateRange(1, 'AUG', 1, 'JUL', 'GMT')].join()",
            "true,false,true",
        );
        says(
            "return [timeRange(0, 'GMT'), timeRange(9, 17, 'GMT'), timeRange(22, 0, 2, 0, 'GMT'), timeRange(0, 0, 0, 0, 0, 1, 'GMT')].join()",
            "true,false,true,true",
        );
        says("return [dateRange(), timeRange(1, 2, 3), weekdayRange('XXX')].join()", "false,false,false");
    }

    #[test]
    fn names_are_answered_from_what_is_known_and_others_are_noted() {
        let mut known = Known::default();
        known.names.insert("zoom.us".to_owned(), vec!["170.114.52.2".parse().unwrap()]);
        let script = "function FindProxyForURL(u, h) { return dnsResolve(h) + isResolvable('corp.example') + dnsResolve('nobody') }";
        let (said, asked) = run_at(script, known);
        assert_eq!(said.as_deref(), Ok("170.114.52.2falsenull"));
        assert_eq!(asked, ["corp.example", "nobody"]);
    }

    #[test]
    fn what_is_no_script_says_so() {
        fails("function FindProxyForURL(u, h) { return 'PROXY", "");
        fails("var x = 1", "defines no function");
        fails("function FindProxyForURL() { return null }", "no text");
        fails("function FindProxyForURL() { return nowhere }", "nowhere is not defined");
        fails("function FindProxyForURL() { throw 'PROXY a:1' }", "PROXY a:1");
    }

    #[test]
    fn an_evil_script_ends_soon_with_a_word() {
        fails("while (true) {}", "did not end in time");
        fails("function FindProxyForURL() { try { for (;;) {} } catch (e) { for (;;) {} } }", "did not end in time");
        fails("function FindProxyForURL() { return 'x'.repeat(1 << 30) }", "");
        fails("function FindProxyForURL() { let s = 'x'; for (;;) s += s; }", "");
        fails("function FindProxyForURL() { let all = []; for (;;) all.push([]); }", "");
        fails("function FindProxyForURL() { return FindProxyForURL() }", "stack");
        fails("function FindProxyForURL() { return /(a+)+$/.test('a'.repeat(64) + 'b') ? '' : nowhere }", "");
        fails("function FindProxyForURL() { throw { get message() { for (;;) {} } } }", "");
    }

    #[test]
    fn a_script_can_reach_nothing_of_this_computer() {
        says(
            "return [typeof require, typeof std, typeof os, typeof fetch, typeof XMLHttpRequest, typeof Deno].join()",
            "undefined,undefined,undefined,undefined,undefined,undefined",
        );
        fails("import * as fs from 'fs'; function FindProxyForURL() { return 'DIRECT' }", "");
    }

    #[tokio::test]
    async fn a_loop_that_heeds_no_limit_is_left_behind() {
        let script = "function FindProxyForURL() { return Array.prototype.indexOf.call({ length: 2 ** 40 }, 1) }";
        let hosts = ["zoom.us".to_owned()];
        let said = Scene::new().with(async |means| ask(means, script, &hosts, None).await).await;
        assert_eq!(said, [Err(ENDLESS.to_owned())]);
    }
}
