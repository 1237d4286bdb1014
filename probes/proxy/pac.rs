//! What the text of a proxy auto-configuration script tells at a plain probe, and what its answers mean. It is not run here.
//!
//! The text is a stranger's: 64 KiB of it are read, and twenty proxies kept.

use crate::model::{PacChoice, PacScript, Proxy, ProxyScheme};
use crate::wire::proxy_settings::DIRECT;
use crate::wire::text::shown;

/// Reads a script as fetched.
pub(super) fn read(status: u16, body: &[u8]) -> PacScript {
    let probed_at = body.get(..MAX_SCRIPT.min(body.len())).unwrap_or_default();
    let code = without_comments(&String::from_utf8_lossy(probed_at));
    PacScript {
        status,
        bytes: u32::try_from(body.len()).unwrap_or(u32::MAX),
        is_script: is_script(&code),
        names_proxies: proxies(&code),
        names_direct: words(&code).any(|word| word == "DIRECT"),
    }
}

/// What a script's answer for a host means: `PROXY a:1; SOCKS b:2; DIRECT`, the first way first. An empty answer is `DIRECT`,
/// as browsers take it; elements that are no way are passed over.
pub(super) fn choice(host: &str, said: Result<String, String>) -> PacChoice {
    let host = host.to_owned();
    let answer = match said {
        Ok(answer) => answer,
        Err(fault) => return PacChoice { host, ways: Vec::new(), fault: Some(fault) },
    };
    if answer.trim().is_empty() {
        return PacChoice { host, ways: vec![DIRECT.to_owned()], fault: None };
    }
    let ways: Vec<String> = answer.split(';').filter_map(way).take(MAX_WAYS).collect();
    let fault = ways.is_empty().then(|| format!("it answers {}", shown(&answer, 100)));
    PacChoice { host, ways, fault }
}

fn way(element: &str) -> Option<String> {
    let mut words = element.split_whitespace();
    match (words.next()?.to_ascii_uppercase().as_str(), words.next()) {
        ("DIRECT", None) => Some(DIRECT.to_owned()),
        (keyword, Some(place)) => proxy(keyword, place),
        (_, None) => None,
    }
}

/// More ways than a client would ever come to try.
const MAX_WAYS: usize = 10;

/// Chrome takes a megabyte; scripts in use are some kilobytes.
const MAX_SCRIPT: usize = 64 * 1024;
const MAX_PROXIES: usize = 20;

/// The code without its comments. A string keeps its slashes; a regular expression that holds a quote or `//` misleads it.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (quote, c, chars.peek()) {
            (Some(_), '\\', Some(&next)) => {
                code.push(c);
                code.push(next);
                chars.next();
                continue;
            }
            // No string but a template goes on over a line's end.
            (Some(open), c, _) if c == open || (c == '\n' && open != '`') => quote = None,
            (None, '"' | '\'' | '`', _) => quote = Some(c),
            (None, '/', Some('/')) => {
                while chars.next_if(|&c| c != '\n').is_some() {}
                continue;
            }
            (None, '/', Some('*')) => {
                chars.next();
                let mut star = false;
                for c in chars.by_ref() {
                    if star && c == '/' {
                        break;
                    }
                    star = c == '*';
                }
                code.push(' ');
                continue;
            }
            (_, _, _) => {}
        }
        code.push(c);
    }
    code
}

/// Whether the code defines `FindProxyForURL` (or Microsoft's `FindProxyForURLEx`) as a function or a variable.
fn is_script(code: &str) -> bool {
    let code = code.trim_start_matches('\u{feff}').trim_start();
    let is_page = code.starts_with('<');
    !is_page
        && code.match_indices("FindProxyForURL").any(|(at, name)| {
            let (before, after) = code.split_at_checked(at).unwrap_or_default();
            let after = after.strip_prefix(name).unwrap_or_default();
            let after = after.strip_prefix("Ex").unwrap_or(after).trim_start();
            let declared = before.trim_end().ends_with("function") && before.ends_with(char::is_whitespace);
            let assigned = after.starts_with('=') && !after.starts_with("==");
            (declared && after.starts_with('(')) || assigned
        })
}

/// Runs of characters that a host and port are written in.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.:[]".contains(c))).filter(|word| !word.is_empty())
}

/// The proxies named, each once, spelled as [`Proxy`] spells them; SOCKS 4 alone has a scheme of its own, `socks4`.
fn proxies(code: &str) -> Vec<String> {
    let mut found = Vec::<String>::new();
    let mut keyword = None;
    for word in words(code) {
        if let Some(proxy) = keyword.and_then(|keyword| proxy(keyword, word))
            && !found.contains(&proxy)
        {
            found.push(proxy);
            if found.len() == MAX_PROXIES {
                break;
            }
        }
        keyword = Some(word);
    }
    found
}

fn proxy(keyword: &str, place: &str) -> Option<String> {
    let (host, port) = place.rsplit_once(':')?;
    let port = port.parse::<u16>().ok().filter(|&port| port != 0)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() || host.len() > 253 || host.contains(['[', ']']) {
        return None;
    }
    let spelled = |scheme| Proxy { scheme, host: host.to_owned(), port, credentials: None }.to_string();
    Some(match keyword {
        "PROXY" | "HTTP" => spelled(ProxyScheme::Http),
        "HTTPS" => spelled(ProxyScheme::Https),
        "SOCKS" | "SOCKS5" => spelled(ProxyScheme::Socks5),
        "SOCKS4" => spelled(ProxyScheme::Socks5).replacen("socks5", "socks4", 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCRIPT: &str = r#"
        // PROXY old.example:8080 is gone
        function FindProxyForURL(url, host) {
            /* DIRECT
               was once enough */
            if (shExpMatch(url, "http://*")) return "PROXY one.example:3128; HTTPS two.example:443";
            return 'SOCKS 192.0.2.1:1080; PROXY [2001:db8::1]:3128; SOCKS4 four.example:1080;PROXY one.example:3128';
        }"#;

    #[test]
    fn a_script_names_its_proxies_in_order_and_comments_name_none() {
        let expected = PacScript {
            status: 200,
            bytes: u32::try_from(SCRIPT.len()).unwrap(),
            is_script: true,
            names_proxies: [
                "http://one.example:3128",
                "https://two.example:443",
                "socks5://192.0.2.1:1080",
                "http://[2001:db8::1]:3128",
                "socks4://four.example:1080",
            ]
            .map(str::to_owned)
            .to_vec(),
            names_direct: false,
        };
        assert_eq!(read(200, SCRIPT.as_bytes()), expected);
    }

    #[test]
    fn an_answer_is_a_list_of_ways_in_order() {
        let ways = |answer: &str| choice("zoom.us", Ok(answer.to_owned())).ways;
        assert_eq!(
            ways("PROXY a.example:3128; proxy b:1;SOCKS5 c:2 ; DIRECT"),
            ["http://a.example:3128", "http://b:1", "socks5://c:2", "direct"]
        );
        assert_eq!(ways(""), ["direct"]);
        let faulty = choice("zoom.us", Ok("PROXY".to_owned()));
        assert_eq!((faulty.ways, faulty.fault), (Vec::new(), Some("it answers PROXY".to_owned())));
    }

    #[test]
    fn direct_is_a_word_of_its_own() {
        assert!(read(200, b"return \"PROXY a:1;DIRECT\"").names_direct);
        assert!(!read(200, b"return \"INDIRECT\"").names_direct);
    }

    #[track_caller]
    fn scripts(text: &str, is_one: bool) {
        assert_eq!(read(200, text.as_bytes()).is_script, is_one, "{text}");
    }

    #[test]
    fn only_a_definition_outside_comments_makes_a_script() {
        scripts("\u{feff}function FindProxyForURL(url, host) {}", true);
        scripts("function /* x */ FindProxyForURL (url, host) {}", true);
        scripts("var FindProxyForURL = function(u, h) {}", true);
        scripts("function FindProxyForURLEx(url, host) {}", true);
        scripts("// function FindProxyForURL(url, host) {}", false);
        scripts("/* function FindProxyForURL(url, host) {}", false);
        scripts("if (FindProxyForURL == null) {}", false);
        scripts("<html>function FindProxyForURL(url, host) {}</html>", false);
        scripts("", false);
    }

    #[test]
    fn twenty_proxies_and_64_kib_are_the_end() {
        let many = (0..30).map(|n| format!("'PROXY p{n}.example:3128'")).collect::<Vec<_>>().join("\n");
        assert_eq!(read(200, many.as_bytes()).names_proxies.len(), 20);
        let late = format!("{}\nPROXY late.example:3128", " ".repeat(64 * 1024));
        assert_eq!(read(200, late.as_bytes()).names_proxies, Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(body in proptest::collection::vec(any::<u8>(), 0..2000), text in "(function |FindProxyForURL|[\"'`/*\\\\(=\n ]|PROXY |:3128|\\PC){0,60}") {
            for proxy in read(200, &body).names_proxies.into_iter().chain(read(200, text.as_bytes()).names_proxies) {
                prop_assert!(proxy.is_ascii());
            }
        }
    }
}
