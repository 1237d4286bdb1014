//! What each place's text says, and that no text breaks a reader.

use proptest::prelude::*;

use super::*;
use crate::model::Proxy;

fn set(source: &str, says: ProxySays, exempt: &[&str]) -> ProxySetting {
    ProxySetting { source: source.to_owned(), says, exempt: exempt.iter().map(|&host| host.to_owned()).collect() }
}

fn proxy(text: &str) -> ProxySays {
    ProxySays::Use(text.to_owned())
}

fn environment(vars: &[(&str, &str)]) -> Vec<ProxySetting> {
    from_environment(vars.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())), "environment")
}

#[test]
fn lower_case_comes_first_and_an_empty_variable_is_unset() {
    assert_eq!(
        environment(&[
            ("HTTPS_PROXY", "http://upper.example:1"),
            ("https_proxy", "http://lower.example:3128/"),
            ("all_proxy", "http://all.example:2"),
            ("NO_PROXY", "localhost, .corp.example,10.0.0.0/8"),
            ("no_proxy", ""),
        ]),
        [set(
            "environment (https_proxy)",
            proxy("http://lower.example:3128"),
            &["localhost", ".corp.example", "10.0.0.0/8"]
        )]
    );
    assert_eq!(
        environment(&[("https_proxy", " "), ("ALL_PROXY", "socks5h://127.0.0.1")]),
        [set("environment (ALL_PROXY)", proxy("socks5://127.0.0.1:1080"), &[])]
    );
}

#[test]
fn a_proxy_for_plain_http_alone_is_noted_as_such() {
    assert_eq!(
        environment(&[("http_proxy", "proxy.example:3128")]),
        [set("environment (http_proxy)", ProxySays::ForHttp("http://proxy.example:3128".to_owned()), &[])]
    );
    assert_eq!(environment(&[("PATH", "/bin")]), []);
}

#[test]
fn credentials_never_get_into_a_setting() {
    for value in [
        "http://ann:s3cret@proxy.example:3128",
        "ann:s3cret@proxy.example:3128",
        "http://ann:s3cret/x#y?z@proxy.example:3128",
        "http://ann@corp.example:s3cret@proxy.example:3128",
        "http://ann:12/s3cret@proxy.example:3128",
    ] {
        let settings = environment(&[("https_proxy", value)]);
        assert_eq!(settings, [set("environment (https_proxy)", proxy("http://proxy.example:3128"), &[])], "{value}");
    }
    for value in ["http://ann:s3cret", "gopher://ann:s3cret@proxy.example", "ann:s3cret@:x", "socks4://x:s3cret@[::1"] {
        let settings = environment(&[("https_proxy", value)]);
        assert!(matches!(&settings[..], [ProxySetting { says: ProxySays::Unreadable(_), .. }]), "{settings:?}");
        assert!(!format!("{settings:?}").contains("s3cret"), "{settings:?}");
    }
    assert_eq!(
        from_zoom("ProxyPAC=http://ann:s3cret@wpad.example/proxy.pac", "zoom"),
        [set("zoom (ProxyPAC)", ProxySays::Script("http://wpad.example/proxy.pac".to_owned()), &[])]
    );
}

#[test]
fn an_at_sign_in_a_script_s_path_is_no_user() {
    let address = "http://wpad.example/a@b.pac";
    assert_eq!(
        from_zoom(&format!("ProxyPAC={address}"), "zoom"),
        [set("zoom (ProxyPAC)", ProxySays::Script(address.to_owned()), &[])]
    );
}

#[test]
fn an_environment_file_may_quote_and_export() {
    let text =
        "# https_proxy=http://old.example:1\nexport https_proxy=\"http://proxy.example:3128\"\nno_proxy='a.example'\n";
    assert_eq!(
        from_environment_file(text),
        [set("/etc/environment (https_proxy)", proxy("http://proxy.example:3128"), &["a.example"])]
    );
}

#[test]
fn the_environment_of_a_process_is_parted_by_nul() {
    assert_eq!(
        from_process_environment(
            b"HOME=/root\0https_proxy=http://[2001:db8::1]:3128\0x\0\xff=\xff\0",
            "zoom process 4711"
        ),
        [set("zoom process 4711 (https_proxy)", proxy("http://[2001:db8::1]:3128"), &[])]
    );
}

const GNOME: &str = "\
org.gnome.system.proxy autoconfig-url ''
org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', \"it's.example\"]
org.gnome.system.proxy mode 'MODE'
org.gnome.system.proxy use-same-proxy true
org.gnome.system.proxy.http host 'plain.example'
org.gnome.system.proxy.http port 8080
org.gnome.system.proxy.http authentication-password 's3cret'
org.gnome.system.proxy.https host 'HOST'
org.gnome.system.proxy.https port 3128
org.gnome.system.proxy.socks host ''
org.gnome.system.proxy.socks port 0
";

fn gnome(mode: &str, host: &str) -> Vec<ProxySetting> {
    from_gnome(&GNOME.replace("MODE", mode).replace("HOST", host))
}

#[test]
fn gnome_says_its_mode_first() {
    let exempt = ["localhost", "127.0.0.0/8", "it's.example"];
    assert_eq!(gnome("none", "proxy.example"), []);
    assert_eq!(gnome("manual", "proxy.example"), [set("gnome", proxy("http://proxy.example:3128"), &exempt)]);
    assert_eq!(gnome("manual", ""), [set("gnome", proxy("http://plain.example:8080"), &exempt)]);
    assert_eq!(gnome("auto", ""), [set("gnome", ProxySays::Discover, &[])]);
    let with_script = GNOME.replace("MODE", "auto").replace("url ''", "url 'http://wpad.example/p.pac'");
    let script = ProxySays::Script("http://wpad.example/p.pac".to_owned());
    assert_eq!(from_gnome(&with_script), [set("gnome", script, &[])]);
    assert_eq!(gnome("odd", ""), [set("gnome", ProxySays::Unreadable("mode odd".to_owned()), &[])]);
    assert_eq!(from_gnome("No such schema"), []);
}

fn kde(kind: &str) -> Vec<ProxySetting> {
    from_kde(&format!(
        "[$Version]\nupdate_info=x\n[Proxy Settings][$i]\nNoProxyFor=a.example,b.example\nProxy Config Script=http://wpad.example/p.pac\n\
         ProxyType[$i]={kind}\nhttpsProxy[$e]=http://proxy.example 3128\nhttpProxy=http://plain.example 1\n[Other]\nProxyType=0\n"
    ))
}

#[test]
fn kde_says_its_type_first() {
    let exempt = ["a.example", "b.example"];
    assert_eq!(kde("0"), []);
    assert_eq!(kde("1"), [set("kde", proxy("http://proxy.example:3128"), &exempt)]);
    assert_eq!(kde("2"), [set("kde", ProxySays::Script("http://wpad.example/p.pac".to_owned()), &exempt)]);
    assert_eq!(kde("3"), [set("kde", ProxySays::Discover, &exempt)]);
    assert_eq!(kde("4"), []);
    assert_eq!(kde("9"), [set("kde", ProxySays::Unreadable("ProxyType 9".to_owned()), &[])]);
    assert_eq!(
        kde("1\nReversedException=true"),
        [set("kde", ProxySays::Unreadable("http://proxy.example:3128 only for a.example, b.example".to_owned()), &[])]
    );
}

#[test]
fn zoom_spells_a_proxy_with_a_space() {
    assert_eq!(
        from_zoom(
            "[General]\nProxyServer=proxy.example: 3128\nproxypac=\nProxyBypass=a.example;b.example\ndeviceID=x",
            "zoom"
        ),
        [set("zoom (ProxyServer)", proxy("http://proxy.example:3128"), &["a.example", "b.example"])]
    );
}

#[track_caller]
fn exempted(entry: &str, host: &str, expected: bool) {
    assert_eq!(exempts(&set("x", ProxySays::Discover, &[entry]), host), expected, "{entry} {host}");
}

#[test]
fn an_entry_exempts_itself_and_what_is_below_it() {
    for entry in ["zoom.us", ".zoom.us", "*.zoom.us", "ZOOM.us.", "zoom.us:443"] {
        exempted(entry, "zoom.us", true);
        exempted(entry, "us06web.Zoom.us.", true);
        exempted(entry, "notzoom.us", false);
    }
    exempted("*", "zoom.us", true);
    exempted("*", "192.0.2.1", true);
    exempted("<local>", "intranet", true);
    exempted("<local>", "zoom.us", false);
    exempted("us", "192.0.2.1", false);
    exempted("", "zoom.us", false);
    exempted(".", "zoom.us", false);
}

#[test]
fn an_address_is_exempted_by_address_or_prefix() {
    exempted("192.0.2.0/24", "192.0.2.7", true);
    exempted("192.0.2.0/24", "198.51.100.7", false);
    exempted("192.0.2.7:443", "192.0.2.7", true);
    exempted("2001:db8::/32", "[2001:db8::1]", true);
    exempted("[2001:db8::1]:443", "2001:db8::1", true);
    exempted("2.7", "192.0.2.7", false);
}

proptest! {
    #[test]
    fn no_text_breaks_a_reader(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        text in "([a-z_]{1,3}|https_proxy|ProxyServer|ProxyPAC|ProxyType|httpsProxy|\\[Proxy Settings\\]|org\\.gnome\\.system\\.proxy |mode |ignore-hosts |[='\"\\\\ \n\\[\\]:/@.*]|[0-9]{1,5}|\\PC){0,40}",
        host in "([a-z.:\\[\\]0-9/]|\\PC){0,20}",
    ) {
        let settings = [
            from_environment_file(&text),
            from_process_environment(&bytes, "x"),
            from_process_environment(text.as_bytes(), "x"),
            from_gnome(&text),
            from_kde(&text),
            from_zoom(&text, "x"),
            environment(&[("https_proxy", &text), ("no_proxy", &host)]),
        ];
        for setting in settings.iter().flatten() {
            exempts(setting, &host);
            let has_user = matches!(&setting.says, ProxySays::Use(said) | ProxySays::Unreadable(said) if said.contains('@'));
            prop_assert!(!has_user);
            if let ProxySays::Use(said) = &setting.says {
                let read_back = said.parse::<Proxy>().map(|proxy| proxy.to_string());
                prop_assert_eq!(read_back.as_ref(), Ok(said));
            }
            prop_assert!(setting.exempt.iter().all(|entry| !entry.contains(char::is_control)));
        }
    }
}
