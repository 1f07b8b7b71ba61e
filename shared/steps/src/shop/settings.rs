//! What people set of shops.
//!
//! A shop that is called `magento` has the values for all; another has those of its own scope (`target:<name>`) where they
//! are set, and else those for all.

use std::time::Duration;

use magento::client::{AddressForm, ShopAddress, ShopLimits};
use pipeline::Name;
use pipeline::settings::{Scope, ScopeKind, Setting, SettingKind, Settings, TextForm};
use store::services::AllowedHost;

/// The name of the own catalogue as a target.
pub const OWN: &str = "own";

/// What stands for the own catalogue and the shop that needs no name.
const BOTH: &str = "both";

/// The shop that needs no name of its own.
pub const MAGENTO: &str = "magento";

/// What nobody has set.
const NONE: &str = "none";

/// Everything that can be set of shops.
pub const SETTINGS: &[Setting] = &[
    TARGET,
    ACCESS,
    ANSWER_TIME,
    BATCH_ROWS,
    BULK_ITEMS,
    CONCURRENT_REQUESTS,
    DOWNLOAD_HOSTS,
    FACTS_KEPT_FOR,
    PAGE_ITEMS,
    REQUESTS_PER_SECOND,
    SECRET,
    URL,
];

const TARGETS: &[ScopeKind] = &[ScopeKind::Target];

/// What imports write to.
pub static TARGET_SETTING: &Setting = &TARGET;

const TARGET: Setting = Setting {
    name: "catalog.target",
    kind: SettingKind::Text(&TextForm {
        words: "names of targets with blanks between (examples: `own`, `magento`, `own magento`); `both` means `own magento`",
        read: target_names,
    }),
    default: OWN,
    scopes: &[ScopeKind::Pipeline],
    description: "tells what imports write to, one after the other: `own` is the own catalogue, every other name a shop with settings `shop.…`",
};

const URL: Setting = Setting {
    name: "shop.url",
    kind: SettingKind::Text(&TextForm {
        words: "address of a shop (example: `https://shop.example.com`), or `none`",
        read: address,
    }),
    default: NONE,
    scopes: TARGETS,
    description: "is the address under which people open the shop; its host must be among those that may be called",
};

const ACCESS: Setting = Setting {
    name: "shop.access",
    kind: SettingKind::Choice(&["signed", "integration", "admin", "hosted"]),
    default: "signed",
    scopes: TARGETS,
    description: "tells how the shop lets us in: `signed` with the four keys of an integration, `integration` with its access token alone, `admin` with name and password of a person, `hosted` with credentials of the Adobe Developer Console",
};

const SECRET: Setting = Setting {
    name: "shop.secret",
    kind: SettingKind::Text(&TextForm {
        words: "name of a secret of the deployment (example: `SHOP`, which is the variable `SECRET_SHOP`)",
        read: secret_name,
    }),
    default: "SHOP",
    scopes: TARGETS,
    description: "names the secret that the shop lets us in with; the secret itself is never a setting",
};

const CONCURRENT_REQUESTS: Setting = Setting {
    name: "shop.concurrent_requests",
    kind: SettingKind::Text(&TextForm { words: "number from 1 to 64", read: |text| number(text, 64) }),
    default: "4",
    scopes: TARGETS,
    description: "lets so many requests of one runner be under way in the shop together",
};

const REQUESTS_PER_SECOND: Setting = Setting {
    name: "shop.requests_per_second",
    kind: SettingKind::CountOrAny,
    default: "any",
    scopes: TARGETS,
    description: "lets one runner begin so many requests to the shop within a second",
};

const ANSWER_TIME: Setting = Setting {
    name: "shop.answer_time",
    kind: SettingKind::Duration,
    default: "2 minutes",
    scopes: TARGETS,
    description: "is how long the shop may take for an answer",
};

const PAGE_ITEMS: Setting = Setting {
    name: "shop.page_items",
    kind: SettingKind::Text(&TextForm { words: "number from 1 to 1000", read: |text| number(text, 1_000) }),
    default: "100",
    scopes: TARGETS,
    description: "asks the shop for so many entries of a list at once; a shop may be set to refuse more than 300",
};

const BULK_ITEMS: Setting = Setting {
    name: "shop.bulk_items",
    kind: SettingKind::Text(&TextForm { words: "number from 1 to 5000", read: |text| number(text, 5_000) }),
    default: "200",
    scopes: TARGETS,
    description: "hands the shop so many products in one list at most",
};

const BATCH_ROWS: Setting = Setting {
    name: "shop.batch_rows",
    kind: SettingKind::Text(&TextForm { words: "number from 1 to 5000", read: |text| number(text, 5_000) }),
    default: "500",
    scopes: TARGETS,
    description: "sends the shop so many prices or quantities in one call at most",
};

const FACTS_KEPT_FOR: Setting = Setting {
    name: "shop.facts_kept_for",
    kind: SettingKind::Duration,
    default: "1 hour",
    scopes: TARGETS,
    description: "asks the shop anew what it has (store views, attributes, categories …) once that is older",
};

const DOWNLOAD_HOSTS: Setting = Setting {
    name: "shop.download_hosts",
    kind: SettingKind::Text(&TextForm {
        words: "hosts with blanks between (example: `files.example.com`), or `none`",
        read: hosts,
    }),
    default: NONE,
    scopes: TARGETS,
    description: "are the hosts from which the shop lets downloads come; the shop keeps that list and tells nobody",
};

/// What is set of a shop, but for its secret.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SetShop {
    /// What people call it.
    pub(crate) name: String,
    /// Its address as it is set.
    pub(crate) url: String,
    /// Where it is.
    pub(crate) address: ShopAddress,
    /// How it lets us in: a word of [`ACCESS`].
    pub(crate) access: &'static str,
    /// The secret with which it does.
    pub(crate) secret: String,
    /// How much it is asked.
    pub(crate) limits: ShopLimits,
    /// Hosts from which its downloads may come.
    pub(crate) download_hosts: Vec<String>,
    /// How old what is known of it may be.
    pub(crate) facts_kept_for: Duration,
}

/// Why a name stands for no shop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoShop {
    /// No address is set.
    #[error(
        "shop `{0}` has no address; set it with `systole settings set shop.url https://… --scope target:{0}`, or correct \
         setting `catalog.target`"
    )]
    NoAddress(String),
    /// It cannot be a name.
    #[error("`{0}` is not the name of a target (expected letters, digits, `_`, `-` or `.`)")]
    NoName(String),
}

/// The targets of the pipelines of a name, in the order in which they are written to.
#[must_use]
pub fn targets_of(settings: &Settings, pipeline: &Name) -> Vec<String> {
    let text = settings.text_of(TARGET_SETTING, &[Scope::Pipeline(pipeline.clone())]);
    text.split(' ').map(str::to_owned).collect()
}

impl SetShop {
    /// Reads what is set of the shop of a name.
    ///
    /// # Errors
    /// There is no such shop.
    pub(crate) fn read(settings: &Settings, name: &str) -> Result<Self, NoShop> {
        let scope = name.parse().map(Scope::Target).map_err(|_| NoShop::NoName(name.to_owned()))?;
        let text = |setting: &'static Setting| settings.text_of(setting, std::slice::from_ref(&scope));
        let is_known = name == MAGENTO || settings.is_set(URL.name, &scope);
        let access = match text(&ACCESS).as_str() {
            "integration" => "integration",
            "admin" => "admin",
            "hosted" => "hosted",
            _ => "signed",
        };
        let form = if access == "hosted" { AddressForm::Hosted } else { AddressForm::Installed };
        let url = text(&URL);
        let address = Some(&url).filter(|url| is_known && *url != NONE);
        let address = address.and_then(|url| ShopAddress::parse(url, form).ok());
        let number = |setting: &'static Setting| text(setting).parse::<u32>().ok();
        let size = |setting| number(setting).and_then(|number| usize::try_from(number).ok());
        let time = |setting: &'static Setting| pipeline::duration::parse(&text(setting)).ok();
        let plain = ShopLimits::default();
        Ok(Self {
            name: name.to_owned(),
            address: address.ok_or_else(|| NoShop::NoAddress(name.to_owned()))?,
            url,
            access,
            secret: text(&SECRET),
            limits: ShopLimits {
                concurrent_requests: size(&CONCURRENT_REQUESTS).unwrap_or(plain.concurrent_requests),
                requests_per_second: number(&REQUESTS_PER_SECOND),
                answer_time: time(&ANSWER_TIME).unwrap_or(plain.answer_time),
                page_items: number(&PAGE_ITEMS).unwrap_or(plain.page_items),
                bulk_items: size(&BULK_ITEMS).unwrap_or(plain.bulk_items),
                batch_rows: size(&BATCH_ROWS).unwrap_or(plain.batch_rows),
                ..plain
            },
            download_hosts: listed(&text(&DOWNLOAD_HOSTS)),
            facts_kept_for: time(&FACTS_KEPT_FOR).unwrap_or(Duration::from_secs(3600)),
        })
    }
}

/// Whether the shop that needs no name has an address.
pub(super) fn is_shop_set(settings: &Settings) -> bool {
    settings.text_of(&URL, &[]) != NONE
}

fn listed(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty() && *word != NONE).map(str::to_owned).collect()
}

/// Reads names of targets: each once, blanks between.
fn target_names(text: &str) -> Result<String, String> {
    let mut names: Vec<&str> = Vec::new();
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let stands_for: &[&str] = if word == BOTH { &[OWN, MAGENTO] } else { &[word] };
        for name in stands_for {
            name.parse::<Name>().map_err(|error| error.to_string())?;
            if names.contains(name) {
                return Err(format!("`{name}` is named twice"));
            }
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err(format!("names no target (examples: `{OWN}`, `{MAGENTO}`, `{BOTH}`)"));
    }
    Ok(names.join(" "))
}

/// Reads the address of a shop. Without TLS only a shop of this machine is spoken to.
fn address(text: &str) -> Result<String, String> {
    if text == NONE {
        return Ok(text.to_owned());
    }
    ShopAddress::parse(text, AddressForm::Installed).map_err(|error| error.to_string())?;
    let is_plain = text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
    let url = url::Url::parse(text).map_err(|error| error.to_string())?;
    let is_of_this_machine = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if is_plain && !is_of_this_machine {
        return Err(format!(
            "`{text}` would send the shop's secret unprotected; use `https://…` (`http://` is for shops of this machine only)"
        ));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn secret_name(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is not the name of a secret (example: `SHOP`)", shown(text)))
    }
}

/// Whatever is no name may be the secret itself, set by mistake.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(4).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn hosts(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    if words == [NONE] || words.is_empty() {
        return Ok(NONE.to_owned());
    }
    for word in &words {
        AllowedHost::parse(word).map_err(|error| error.to_string())?;
    }
    Ok(words.join(" "))
}

fn number(text: &str, most: u32) -> Result<String, String> {
    let number = text.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
    number.map(|number| number.to_string()).ok_or_else(|| format!("`{}` is not a number from 1 to {most}", shown(text)))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn set(values: &[(&str, &str, &str)]) -> Settings {
        let mut settings = Settings::default();
        for (name, scope, value) in values {
            settings.insert(name, scope.parse().unwrap(), value);
        }
        settings
    }

    fn refused(setting: &'static Setting, value: &str) -> String {
        setting.check(&Scope::Default, value).unwrap_err().to_string()
    }

    #[test]
    fn every_default_fits_its_setting() {
        for setting in SETTINGS {
            assert_eq!(
                setting.check(&Scope::Default, setting.default).as_deref(),
                Ok(setting.default),
                "{}",
                setting.name
            );
        }
    }

    #[test]
    fn targets_are_named_once_each_and_both_are_two() {
        let kept = |text: &str| TARGET_SETTING.check(&Scope::Default, text).unwrap();
        assert_eq!(kept("both"), "own magento");
        assert_eq!(kept(" own,  eu us "), "own eu us");
        assert_snapshot!(refused(TARGET_SETTING, "both own"), @"setting `catalog.target`: `own` is named twice");
        assert_snapshot!(refused(TARGET_SETTING, ","), @"setting `catalog.target`: names no target (examples: `own`, `magento`, `both`)");
        assert_snapshot!(refused(TARGET_SETTING, "shop/1"), @"setting `catalog.target`: `shop/1` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)");
    }

    #[test]
    fn a_pipeline_may_have_targets_of_its_own() {
        let settings =
            set(&[("catalog.target", "default", "own"), ("catalog.target", "pipeline:price_import", "own magento")]);
        assert_eq!(targets_of(&settings, &"price_import".parse().unwrap()), ["own", "magento"]);
        assert_eq!(targets_of(&settings, &"stock_import".parse().unwrap()), ["own"]);
    }

    #[test]
    fn only_shops_of_this_machine_are_spoken_to_without_protection() {
        for good in ["https://shop.example.com", "http://127.0.0.1:8082", "http://localhost", "http://[::1]:80", "none"]
        {
            assert!(address(good).is_ok(), "{good}");
        }
        assert_snapshot!(refused(&URL, "http://shop.example.com"), @"setting `shop.url`: `http://shop.example.com` would send the shop's secret unprotected; use `https://…` (`http://` is for shops of this machine only)");
        assert_snapshot!(refused(&URL, "HTTP://10.0.0.1"), @"setting `shop.url`: `HTTP://10.0.0.1` would send the shop's secret unprotected; use `https://…` (`http://` is for shops of this machine only)");
        assert_snapshot!(refused(&URL, "shop.example.com"), @"setting `shop.url`: `shop.example.com` is not an address (example: `https://shop.example.com`)");
        assert_snapshot!(refused(&URL, "https://user:secret@shop.example.com"), @"setting `shop.url`: the address of the shop holds credentials; they belong into its secret");
        assert_snapshot!(refused(&URL, "https://shop.example.com/rest/V1"), @"setting `shop.url`: `https://shop.example.com/rest/V1` is the address of a call; leave away what follows the shop's own, from `/rest` or `/V1` on");
    }

    #[test]
    fn a_secret_that_is_set_by_mistake_is_not_repeated() {
        let told = refused(&SECRET, "{\"token\": \"hush-hush\"}");
        assert!(!told.contains("hush"), "{told}");
        assert_snapshot!(told, @r#"setting `shop.secret`: `{"to…` is not the name of a secret (example: `SHOP`)"#);
    }

    #[test]
    fn a_shop_has_values_of_its_own_and_else_those_for_all() {
        let settings = set(&[
            ("shop.url", "default", "https://one.example.com"),
            ("shop.bulk_items", "default", "50"),
            ("shop.url", "target:eu", "https://eu.example.com:8443"),
            ("shop.access", "target:eu", "integration"),
        ]);
        let eu = SetShop::read(&settings, "eu").unwrap();
        assert_eq!(eu.address.host(), ("eu.example.com", Some(8443)));
        assert_eq!((eu.access, eu.limits.bulk_items), ("integration", 50));
        assert_eq!(SetShop::read(&settings, "magento").unwrap().access, "signed");
        // The address for all is not that of a shop with another name: it might be misspelt.
        assert_snapshot!(SetShop::read(&settings, "uk").unwrap_err(), @"shop `uk` has no address; set it with `systole settings set shop.url https://… --scope target:uk`, or correct setting `catalog.target`");
    }
}
