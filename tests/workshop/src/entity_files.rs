//! The files of each entity, and what can be done with them.

/// Files of an entity that speak of the same things twice, so that later rows meet what earlier ones have made.
pub struct EntityFiles {
    /// What their names begin with.
    pub prefix: &'static str,
    /// The executor that imports them.
    pub import: &'static str,
    /// What is in them.
    pub files: [&'static str; 2],
    /// What can be done with their rows.
    pub operations: &'static [&'static str],
}

const ALL: &[&str] = &["add-update", "replace", "delete"];
const ONLY: &[&str] = &["add-update"];

/// Files of every entity that ships.
pub const ENTITY_FILES: [EntityFiles; 15] = [
    EntityFiles {
        prefix: "attribute-set-import",
        import: "import_attribute_sets",
        files: [
            "attribute_set_name,based_on,attribute_group_name\nBag,Default,Straps\nCase,Default,\n",
            "attribute_set_name,based_on,attribute_group_name\nBag,,Locks\n",
        ],
        operations: ALL,
    },
    EntityFiles {
        prefix: "attribute-import",
        import: "import_attributes",
        files: [
            "store_view_code,attribute_code,attribute_set_name,frontend_input,attribute_option_values\n,strap,Default,select,\"short,long\"\n,lock,Default,text,\n",
            "store_view_code,attribute_code,attribute_set_name,frontend_input,attribute_option_values\n,strap,Default,select,\"short,medium\"\n",
        ],
        operations: ALL,
    },
    EntityFiles {
        prefix: "category-import",
        import: "import_categories",
        files: [
            "path,name\nDefault Category/Gear/Bags,Bags\nDefault Category/Gear,Gear\nDefault Category/Sale,\n",
            "path,description\nDefault Category/Gear,all of it\n",
        ],
        operations: ALL,
    },
    EntityFiles {
        prefix: "product-import",
        import: "import_products",
        files: [
            "sku,attribute_set_code,product_type,name,price,qty\nA-1,Default,simple,Apple,1.50,1\nN-1,Default,simple,Nut,2,2\n",
            "sku,attribute_set_code,product_type,name,price,description\nN-1,Default,simple,Nut,3,hard\n",
        ],
        operations: ALL,
    },
    EntityFiles {
        prefix: "product-import-price",
        import: "import_prices",
        files: ["sku,price\nA-1,2.50\nNOPE,1\n", "sku,price\nA-1,2.75\nP-1,1\n"],
        operations: ONLY,
    },
    EntityFiles {
        prefix: "product-import-tier-price",
        import: "import_tier_prices",
        files: [
            "sku,tier_price_website,tier_price_customer_group,tier_price_qty,tier_price,tier_price_value_type\nA-1,All Websites,ALL GROUPS,4,1,Fixed\nA-1,All Websites,ALL GROUPS,8,0.9,Fixed\n",
            "sku,tier_price_website,tier_price_customer_group,tier_price_qty,tier_price,tier_price_value_type\nA-1,All Websites,ALL GROUPS,12,0.8,Fixed\nP-1,All Websites,ALL GROUPS,4,1,Fixed\n",
        ],
        operations: ALL,
    },
    EntityFiles {
        prefix: "product-import-inventory",
        import: "import_stock",
        files: ["sku,qty,qty_relative\nA-1,5,1\nP-1,0,\n", "sku,qty,qty_relative\nA-1,-2,1\n"],
        operations: ONLY,
    },
    EntityFiles {
        prefix: "product-import-inventory-msi",
        import: "import_source_items",
        files: [
            "sku,source_code,status,quantity,relative\nA-1,default,1,7,1\n",
            "sku,source_code,status,quantity,relative\nA-1,default,1,2,1\nP-1,default,1,3,\n",
        ],
        operations: ALL,
    },
    EntityFiles {
        prefix: "product-media-import",
        import: "import_media",
        files: ["sku,base_image\nA-1,/a/1.jpg\n", "sku,small_image\nA-1,/a/2.jpg\nP-1,/p/1.jpg\n"],
        operations: ALL,
    },
    EntityFiles {
        prefix: "product-import-link",
        import: "import_links",
        files: ["sku,related_skus\nA-1,P-1\n", "sku,upsell_skus\nA-1,P-1\nP-1,A-1\n"],
        operations: ALL,
    },
    EntityFiles {
        prefix: "product-import-variant",
        import: "import_variants",
        files: [
            "sku,configurable_variations\nA-1,\"sku=P-1,size=S\"\n",
            "sku,configurable_variations\nA-1,\"sku=P-1,size=M\"\n",
        ],
        operations: ALL,
    },
    EntityFiles {
        prefix: "custom-options",
        import: "import_custom_options",
        files: [
            "sku,custom_options\nA-1,\"name=Gravur,type=field\"\n",
            "sku,custom_options\nA-1,\"name=Schleife,type=field\"\nP-1,\"name=Gravur,type=field\"\n",
        ],
        operations: ALL,
    },
    EntityFiles {
        prefix: "url-rewrite",
        import: "import_url_rewrites",
        files: [
            "sku,store_view_code,url_key\nA-1,default,apple\n",
            "sku,store_view_code,url_key\nA-1,default,apples\nP-1,default,pear\n",
        ],
        operations: ALL,
    },
    EntityFiles {
        prefix: "customer-import",
        import: "import_customers",
        files: [
            "email,_website,firstname,lastname,group_id\na@example.com,base,A,B,1\nb@example.com,base,A,B,1\n",
            "email,_website,firstname,lastname,group_id\nb@example.com,base,C,D,1\n",
        ],
        operations: ALL,
    },
    EntityFiles {
        prefix: "customer-address-import",
        import: "import_customer_addresses",
        files: [
            "_entity_id,_email,_website,firstname,lastname,street,city,country_id\n1,a@example.com,base,A,B,C 1,D,DE\n",
            "_entity_id,_email,_website,firstname,lastname,street,city,country_id\n2,a@example.com,base,A,B,C 2,D,DE\n",
        ],
        operations: ALL,
    },
];
