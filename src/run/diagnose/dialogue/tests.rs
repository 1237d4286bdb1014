//! The dialogue alone: results and times go in, steps come out.

use std::net::SocketAddr;

use why5003_probes::model::{ProbeName, Role, Settings, Target, Transport, Via};

use super::super::super::testing::{HOW_FAR, LOSS, PASSAGE};
use super::*;
use crate::catalogue::Catalogue;
use crate::experiment::probes;
use crate::plan::Wishes;

fn catalogue() -> Catalogue {
    Catalogue::parse(include_str!("../../../catalogue/fixtures/minimal.toml"), "minimal.toml").unwrap()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn seen(id: u32, probe: Probe) -> Observation {
    Observation { id, probe, started: Duration::ZERO, took: Duration::ZERO, facts: Vec::new(), failure: None }
}

/// A connection to the sign-in host, which leads to nothing by itself.
fn connection() -> Probe {
    Probe::new(ProbeName::Tls, Role::SignIn, Target::tcp(zoom()).called("zoom.us"))
}

/// A lookup by the system's library.
fn lookup() -> Probe {
    Probe::new(ProbeName::Dns, Role::Side, Target::name("log.zoom.us")).by(Via::System)
}

/// It only explains a fault.
fn portal() -> Probe {
    Probe::new(ProbeName::Http, Role::Portal, Target::name("example.com").at_port(80, Transport::Tcp))
}

/// It only compares.
fn beside() -> Probe {
    let settings = Settings { traceroute: Some(24), ..Settings::default() };
    Probe::new(ProbeName::Udp, Role::Range, Target::udp(SocketAddr::new(zoom().ip(), 33_434))).with(settings)
}

fn zoom() -> SocketAddr {
    "170.114.52.2:443".parse().unwrap()
}

fn how_far() -> Question {
    HOW_FAR.of(zoom())
}

fn traceroute() -> Probe {
    let mut probe = probes::traceroute(Role::Control, zoom(), Transport::Tcp);
    probe.settings.prefix = "170.114.0.0/16".parse().ok();
    probe
}

fn loss() -> Question {
    LOSS.of(zoom())
}

fn asking(questions: impl Into<Vec<Question>>) -> Standing {
    Standing { questions: questions.into(), ..Standing::default() }
}

fn healthy() -> Standing {
    Standing { content: true, ..Standing::default() }
}

/// Hands a dialogue to a test whose opening was answered: the plan knows this computer. The rules always say the same.
fn with(standing: &Standing, test: impl FnOnce(&mut Dialogue<'_>)) {
    let catalogue = catalogue();
    let mut judge = |_: &[Observation], _: &[NotProbed]| standing.clone();
    let mut dialogue = Dialogue::new(Plan::new(&catalogue, Wishes::default()), &mut judge);
    let opening = dialogue.open();
    let [Step::Begin(0, probe)] = opening.as_slice() else { panic!("{opening:?}") };
    let first = dialogue.on_result(ms(10), seen(0, Probe::clone(probe)), &[]);
    assert_eq!(first.iter().filter(|step| matches!(step, Step::Begin(..))).count(), 9);
    test(&mut dialogue);
}

#[test]
fn probes_are_numbered_in_the_order_in_which_they_are_begun() {
    let catalogue = catalogue();
    let mut judge = |_: &[Observation], _: &[NotProbed]| Standing::default();
    let mut dialogue = Dialogue::new(Plan::new(&catalogue, Wishes::default()), &mut judge);
    let opening = dialogue.open();
    let [Step::Begin(0, probe)] = opening.as_slice() else { panic!("{opening:?}") };
    let steps = dialogue.on_result(ms(10), seen(0, Probe::clone(probe)), &[]);
    let number = |step: &Step| if let Step::Begin(id, _) = step { Some(*id) } else { None };
    assert_eq!(steps.iter().filter_map(number).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
}

#[test]
fn nothing_is_quiet_before_the_first_result() {
    let catalogue = catalogue();
    let mut judge = |_: &[Observation], _: &[NotProbed]| Standing::default();
    let mut dialogue = Dialogue::new(Plan::new(&catalogue, Wishes::default()), &mut judge);
    dialogue.open();
    assert_eq!(dialogue.quiet_at(), None);
}

#[test]
fn the_last_probe_has_a_second_before_it_is_quiet() {
    with(&Standing::default(), |dialogue| assert_eq!(dialogue.quiet_at(), Some(ms(1_010))));
}

#[test]
fn after_that_second_each_result_has_400_milliseconds() {
    with(&Standing::default(), |dialogue| {
        dialogue.on_result(ms(900), seen(1, connection()), &[&lookup()]);
        assert_eq!(dialogue.quiet_at(), Some(ms(1_300)));
    });
}

#[test]
fn once_the_rules_asked_the_first_result_since_then_ends_the_wait() {
    with(&asking([how_far()]), |dialogue| {
        dialogue.on_quiet(ms(1_010), &[&lookup()]);
        assert_eq!(dialogue.quiet_at(), None);
        dialogue.on_result(ms(1_100), seen(1, connection()), &[&lookup()]);
        dialogue.on_result(ms(1_400), seen(2, connection()), &[&lookup()]);
        assert_eq!(dialogue.quiet_at(), Some(ms(1_500)));
    });
}

#[test]
fn what_could_not_be_probed_is_news_as_well() {
    with(&asking([how_far()]), |dialogue| {
        dialogue.on_quiet(ms(1_010), &[&lookup()]);
        dialogue.on_missed(ms(1_100), NotProbed { what: "a probe".to_owned(), why: "a reason".to_owned() });
        assert_eq!(dialogue.quiet_at(), Some(ms(1_500)));
    });
}

#[test]
fn a_question_is_told_and_answered_once() {
    with(&asking([how_far()]), |dialogue| {
        let wanted = [Step::Tell(how_far()), Step::Begin(10, Box::new(traceroute()))];
        assert_eq!(dialogue.on_quiet(ms(1_010), &[&lookup()]), wanted);
        assert_eq!(dialogue.on_quiet(ms(1_500), &[&lookup()]), []);
    });
}

#[test]
fn when_nothing_is_under_way_questions_go_on_and_their_lack_ends_it() {
    with(&asking([how_far()]), |dialogue| {
        assert_eq!(dialogue.on_idle(ms(50)), [Step::Tell(how_far()), Step::Begin(10, Box::new(traceroute()))]);
        assert_eq!(dialogue.on_idle(ms(90)), [Step::End("nothing was left to ask")]);
    });
}

#[test]
fn a_question_that_wants_a_quiet_path_is_kept_back_while_a_probe_is_under_way() {
    with(&asking([loss()]), |dialogue| {
        assert_eq!(dialogue.on_quiet(ms(1_010), &[&connection()]), []);
        assert_eq!(dialogue.on_quiet(ms(1_500), &[]).first(), Some(&Step::Tell(loss())));
    });
}

#[test]
fn lookups_that_are_dropped_disturb_no_question() {
    with(&Standing { names: Names::Lost, ..asking([loss()]) }, |dialogue| {
        let steps = dialogue.on_quiet(ms(1_010), &[&lookup()]);
        assert_eq!(steps.get(..2), Some(&[Step::Drop(Pointless::Lookups, LOST), Step::Tell(loss())][..]));
    });
}

#[test]
fn lookups_are_dropped_where_they_are_slow_as_well() {
    with(&Standing { names: Names::Late, ..Standing::default() }, |dialogue| {
        assert_eq!(dialogue.on_quiet(ms(1_010), &[&connection()]), [Step::Drop(Pointless::Lookups, LATE)]);
    });
}

#[test]
fn a_question_that_wants_to_begin_alone_waits_for_one_that_leads_to_probes() {
    let passage = PASSAGE.of(zoom());
    with(&asking([passage.clone(), how_far()]), |dialogue| {
        let first = dialogue.on_quiet(ms(1_010), &[&lookup()]);
        assert_eq!(first, [Step::Tell(how_far()), Step::Begin(10, Box::new(traceroute()))]);
        assert_eq!(dialogue.on_quiet(ms(1_500), &[&lookup()]).first(), Some(&Step::Tell(passage)));
    });
}

#[test]
fn where_all_is_well_probes_that_only_explain_are_not_waited_for() {
    with(&healthy(), |dialogue| {
        let end = Step::End("nothing was wrong, so its answer was not waited for");
        assert_eq!(dialogue.on_result(ms(50), seen(1, connection()), &[&portal()]), [end]);
    });
}

#[test]
fn where_all_is_well_every_other_probe_is_waited_for() {
    with(&healthy(), |dialogue| {
        assert_eq!(dialogue.on_result(ms(50), seen(1, connection()), &[&portal(), &lookup()]), []);
    });
}

#[test]
fn where_something_is_wrong_a_result_that_leaves_only_explanations_leads_to_the_questions() {
    with(&asking([how_far()]), |dialogue| {
        let steps = dialogue.on_result(ms(50), seen(1, connection()), &[&portal()]);
        assert_eq!(steps, [Step::Tell(how_far()), Step::Begin(10, Box::new(traceroute()))]);
    });
}

#[test]
fn a_probe_that_only_compares_is_dropped_where_nothing_is_asked() {
    with(&Standing::default(), |dialogue| {
        let dropped = Step::Drop(Pointless::Comparisons, "by then nothing was left that it could tell");
        assert_eq!(dialogue.on_result(ms(50), seen(1, connection()), &[&beside()]), [dropped]);
    });
}

#[test]
fn a_probe_that_only_compares_is_waited_for_where_something_is_asked() {
    with(&asking([how_far()]), |dialogue| {
        assert_eq!(dialogue.on_result(ms(50), seen(1, connection()), &[&beside()]), []);
    });
}

#[test]
fn what_a_result_leads_to_is_waited_for_before_anything_is_dropped() {
    let catalogue = catalogue();
    let mut judge = |_: &[Observation], _: &[NotProbed]| healthy();
    let mut dialogue = Dialogue::new(Plan::new(&catalogue, Wishes::default()), &mut judge);
    let opening = dialogue.open();
    let [Step::Begin(0, probe)] = opening.as_slice() else { panic!("{opening:?}") };
    let steps = dialogue.on_result(ms(10), seen(0, Probe::clone(probe)), &[&portal()]);
    assert!(steps.iter().all(|step| matches!(step, Step::Begin(..))), "{steps:?}");
}

#[test]
fn the_end_puts_observations_in_the_order_of_the_plan() {
    let catalogue = catalogue();
    let mut judge = |_: &[Observation], _: &[NotProbed]| Standing::default();
    let mut dialogue = Dialogue::new(Plan::new(&catalogue, Wishes::default()), &mut judge);
    for id in [2, 0, 1] {
        dialogue.on_result(ms(10), seen(id, connection()), &[&lookup()]);
    }
    let gathered = dialogue.end(true);
    let ids: Vec<u32> = gathered.observations.iter().map(|seen| seen.id).collect();
    assert_eq!((ids, gathered.incomplete), (vec![0, 1, 2], true));
}

const LOST: &str = "by then it was known that this computer is told no names";
const LATE: &str = "by then it was known how long this computer waits for names, and which it is told";
