//! Every column that the original and Magento document has a meaning here.

use std::collections::BTreeSet;

use import::entity::{Description, all};

/// The columns of the original and of Magento, by entity.
const DOCUMENTED: [(&str, &str); 14] = [
    (
        "products",
        "sku store_view_code attribute_set_code product_type categories categories_position product_websites name \
         description short_description weight product_online tax_class_name visibility price special_price map_price \
         msrp_price special_price_from_date special_price_to_date url_key url_path save_rewrites_history meta_title \
         meta_keywords meta_description base_image small_image thumbnail_image swatch_image base_image_label \
         small_image_label thumbnail_image_label swatch_image_label base_image_position small_image_position \
         thumbnail_image_position swatch_image_position additional_images additional_image_labels \
         additional_image_positions additional_image_disabled disabled_images hide_from_product_page created_at updated_at \
         new_from_date new_to_date display_product_options_in map_enabled gift_message_available custom_design \
         custom_design_from custom_design_to custom_layout_update page_layout product_options_container \
         msrp_display_actual_price_type country_of_manufacture additional_attributes qty qty_relative out_of_stock_qty \
         use_config_min_qty is_qty_decimal allow_backorders use_config_backorders min_cart_qty use_config_min_sale_qty \
         max_cart_qty use_config_max_sale_qty is_in_stock notify_on_stock_below use_config_notify_stock_qty manage_stock \
         use_config_manage_stock enable_qty_increments use_config_enable_qty_inc qty_increments use_config_qty_increments \
         is_decimal_divided website_id deferred_stock_update use_config_deferred_stock_update related_skus crosssell_skus \
         upsell_skus related_position crosssell_position upsell_position associated_skus associated_position \
         bundle_price_type bundle_sku_type bundle_weight_type bundle_price_view bundle_shipment_type bundle_values \
         bundle_values_position configurable_variations configurable_variation_labels configurable_variations_position \
         downloadable_links downloadable_samples custom_options tier_prices inventory_source_items original_data \
         giftcard_type giftcard_allow_open_amount giftcard_open_amount_min giftcard_open_amount_max giftcard_amount \
         rma_enabled is_returnable",
    ),
    (
        "categories",
        "store_view_code attribute_set_code path name is_active is_anchor include_in_menu use_name_in_product_search \
         display_mode url_key description image_path meta_title meta_keywords meta_description landing_page position \
         custom_design custom_design_from custom_design_to page_layout custom_layout_update available_sort_by \
         default_sort_by custom_apply_to_products custom_use_parent_settings filter_price_range created_at updated_at \
         additional_attributes path_in_store",
    ),
    (
        "attributes",
        "store_view_code attribute_set_name attribute_group_name entity_type_code attribute_code sort_order \
         attribute_option_values attribute_option_swatch attribute_option_sort_order attribute_model backend_model \
         backend_table frontend_model frontend_input frontend_label frontend_class source_model frontend_input_renderer \
         apply_to backend_type is_required is_user_defined default_value is_unique note is_global is_visible is_searchable \
         is_filterable is_comparable is_visible_on_front is_html_allowed_on_front is_used_for_price_rules \
         is_filterable_in_search used_in_product_listing used_for_sort_by is_visible_in_advanced_search position \
         is_wysiwyg_enabled is_used_for_promo_rules is_required_in_admin_store is_used_in_grid is_visible_in_grid \
         is_filterable_in_grid search_weight additional_data is_used_in_autocomplete is_displayed_in_autocomplete \
         is_used_in_spellcheck facet_min_coverage_rate facet_max_size facet_sort_order display_pattern display_precision",
    ),
    (
        "attribute_sets",
        "attribute_set_name based_on entity_type_code sort_order attribute_group_name attribute_group_code \
         attribute_group_tab_group_code attribute_group_sort_order default_id",
    ),
    ("prices", "sku store_view_code price special_price special_price_from_date special_price_to_date"),
    ("tier_prices", "sku tier_price_website tier_price_customer_group tier_price_qty tier_price tier_price_value_type"),
    ("stock", "sku qty website_id qty_relative is_in_stock out_of_stock_qty"),
    ("source_items", "sku source_code status quantity relative"),
    (
        "media",
        "sku store_view_code base_image base_image_label small_image small_image_label thumbnail_image \
         thumbnail_image_label swatch_image swatch_image_label additional_images additional_image_labels",
    ),
    ("links", "sku related_skus upsell_skus crosssell_skus associated_skus"),
    ("variants", "sku configurable_variations configurable_variation_labels configurable_variations_position"),
    ("url_rewrites", "sku store_view_code url_key visibility categories product_websites"),
    (
        "customers",
        "email _website _store confirmation created_at created_in disable_auto_group_change dob firstname gender group_id \
         lastname middlename password_hash prefix rp_token rp_token_created_at store_id suffix taxvat website_id password \
         increment_id is_active session_cutoff _address_city _address_company _address_country_id _address_fax \
         _address_firstname _address_lastname _address_middlename _address_postcode _address_prefix _address_region \
         _address_street _address_suffix _address_telephone _address_vat_id _address_default_billing_ \
         _address_default_shipping_ _address_increment_id",
    ),
    (
        "customer_addresses",
        "_website _email _entity_id city company country_id fax firstname lastname middlename postcode prefix region \
         region_id street suffix telephone vat_id vat_is_valid vat_request_date vat_request_id vat_request_success \
         _address_default_billing_ _address_default_shipping_ increment_id",
    ),
];

#[test]
fn every_documented_column_has_a_meaning() {
    let entities = all();
    for (name, documented) in DOCUMENTED {
        let about = |entity: &&Description| entity.about.name == name;
        let entity = entities.iter().find(about).unwrap_or_else(|| panic!("no entity `{name}`"));
        let known: BTreeSet<&str> = entity.columns.iter().map(|column| column.name).collect();
        let unknown: Vec<&str> = documented.split(' ').filter(|column| !known.contains(column)).collect();
        assert!(unknown.is_empty(), "{name} do not know the columns `{}`", unknown.join("`, `"));
    }
}
