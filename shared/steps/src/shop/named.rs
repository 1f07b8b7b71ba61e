//! Which shops a step is about.

use engine::accepts::{Argument, Presence, Text};
use engine::{ExecutorError, Work};
use pipeline::settings::{Scope, Settings};

use super::settings::{MAGENTO, OWN, TARGET_SETTING, is_shop_set};

pub(crate) const SHOP: Argument<Text> = Argument {
    name: "shop",
    kind: Text { example: "magento" },
    presence: Presence::Optional,
    meaning: "the name of a shop; without it all shops that settings name",
};

/// The shop that the step is told, or else all that settings name, in the order of their names.
pub(super) async fn named_shops(work: &Work<'_>) -> Result<Vec<String>, ExecutorError> {
    if let Some(name) = work.optional_argument(&SHOP)? {
        return Ok(vec![name]);
    }
    Ok(set_shops(&*work.settings().await?))
}

/// All shops that settings name: those with an address, and those that imports write to.
pub(crate) fn set_shops(settings: &Settings) -> Vec<String> {
    let mut names = Vec::new();
    for (setting, scope, value) in settings.iter() {
        match scope {
            Scope::Target(name) if setting == "shop.url" => names.push(name.to_string()),
            Scope::Default | Scope::Pipeline(_) if setting == TARGET_SETTING.name => {
                let stated = TARGET_SETTING.check(scope, value).unwrap_or_default();
                names.extend(stated.split(' ').filter(|name| !name.is_empty() && *name != OWN).map(str::to_owned));
            }
            Scope::Default | Scope::Pipeline(_) | Scope::Target(_) | Scope::Website(_) => {}
        }
    }
    if is_shop_set(settings) {
        names.push(MAGENTO.to_owned());
    }
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shops_are_those_with_an_address_and_those_that_are_written_to() {
        let mut settings = Settings::default();
        let mut set = |name: &str, scope: &str, value: &str| settings.insert(name, scope.parse().unwrap(), value);
        set("shop.url", "target:us", "https://us.example.com");
        set("catalog.target", "default", "own eu");
        set("catalog.target", "pipeline:price_import", "own us");
        assert_eq!(set_shops(&settings), ["eu", "us"]);
        settings.insert("shop.url", Scope::Default, "https://shop.example.com");
        assert_eq!(set_shops(&settings), ["eu", "magento", "us"]);
    }
}
