//! Websites, groups, store views, tax classes and customer groups.

/// A website.
#[derive(Debug, Clone)]
pub(crate) struct Website {
    pub id: u32,
    pub code: &'static str,
    pub name: &'static str,
    pub default_group: u32,
}

/// A group of store views.
#[derive(Debug, Clone)]
pub(crate) struct StoreGroup {
    pub id: u32,
    pub website: u32,
    pub root_category: u32,
    pub default_store: u32,
    pub name: &'static str,
    pub code: &'static str,
}

/// A store view; 0 is the one of global values.
#[derive(Debug, Clone)]
pub(crate) struct StoreView {
    pub id: u32,
    pub code: &'static str,
    pub name: &'static str,
    pub website: u32,
    pub group: u32,
}

/// A tax class.
#[derive(Debug, Clone)]
pub(crate) struct TaxClass {
    pub id: u32,
    pub name: &'static str,
    pub kind: &'static str,
}

/// All of them.
#[derive(Debug, Clone)]
pub(crate) struct Stores {
    pub websites: Vec<Website>,
    pub groups: Vec<StoreGroup>,
    pub views: Vec<StoreView>,
    pub tax_classes: Vec<TaxClass>,
    /// Names of the customer groups; the place is the id.
    pub customer_groups: Vec<&'static str>,
}

/// The id that stands for all customer groups in tier prices.
pub(crate) const ALL_GROUPS: i64 = 32000;

impl Stores {
    pub(crate) fn installed() -> Self {
        let website = |id, code, name, default_group| Website { id, code, name, default_group };
        let view = |id, code, name, website, group| StoreView { id, code, name, website, group };
        let group = |id, website, root_category, default_store, name, code| StoreGroup {
            id,
            website,
            root_category,
            default_store,
            name,
            code,
        };
        Self {
            websites: vec![
                website(0, "admin", "Admin", 0),
                website(1, "base", "Main Website", 1),
                website(2, "b2b", "B2B", 2),
            ],
            groups: vec![
                group(0, 0, 0, 0, "Default", "default"),
                group(1, 1, 2, 1, "Main Website Store", "main_website_store"),
                group(2, 2, 2, 3, "B2B Store", "b2b_store"),
            ],
            views: vec![
                view(1, "default", "Default Store View", 1, 1),
                view(0, "admin", "Admin", 0, 0),
                view(2, "de_DE", "Deutsch", 1, 1),
                view(3, "b2b_en", "B2B English", 2, 2),
            ],
            tax_classes: vec![
                TaxClass { id: 2, name: "Taxable Goods", kind: "PRODUCT" },
                TaxClass { id: 3, name: "Retail Customer", kind: "CUSTOMER" },
            ],
            customer_groups: vec!["NOT LOGGED IN", "General", "Wholesale", "Retailer"],
        }
    }

    /// Adds a website with one group and one store view, whose products are below the default category.
    pub(crate) fn add_website(&mut self, code: &'static str, view: &'static str) {
        let next = |ids: Vec<u32>| ids.into_iter().max().unwrap_or(0) + 1;
        let website = next(self.websites.iter().map(|website| website.id).collect());
        let group = next(self.groups.iter().map(|group| group.id).collect());
        let store = next(self.views.iter().map(|view| view.id).collect());
        self.websites.push(Website { id: website, code, name: code, default_group: group });
        let root_category = 2;
        self.groups.push(StoreGroup { id: group, website, root_category, default_store: store, name: code, code });
        self.views.push(StoreView { id: store, code: view, name: view, website, group });
    }

    /// The store view of a code in a path; no code is the default view, `all` the global values.
    pub(crate) fn view_of(&self, code: Option<&str>) -> Option<u32> {
        match code {
            None => Some(1),
            Some("all") => Some(0),
            Some(code) => self.views.iter().find(|view| view.code == code).map(|view| view.id),
        }
    }

    /// The website of a store view.
    pub(crate) fn website_of(&self, store: u32) -> u32 {
        self.views.iter().find(|view| view.id == store).map_or(0, |view| view.website)
    }

    /// The store views of a website.
    pub(crate) fn views_of(&self, website: u32) -> impl Iterator<Item = u32> {
        self.views.iter().filter(move |view| view.website == website).map(|view| view.id)
    }

    /// Whether there is such a website, the admin's own left out.
    pub(crate) fn has_website(&self, id: u32) -> bool {
        id != 0 && self.websites.iter().any(|website| website.id == id)
    }

    /// Whether there is such a store view.
    pub(crate) fn has_view(&self, id: i64) -> bool {
        self.views.iter().any(|view| i64::from(view.id) == id)
    }
}
