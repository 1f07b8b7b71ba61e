//! `products/attribute-sets`: sets, groups and what is in them.

use serde_json::{Value, json};

use super::attributes::unknown_attribute;
use crate::call::{Call, text_of, whole_of};
use crate::refusal::Refusal;
use crate::route::{Answer, Route, delete, get, post};
use crate::search::Criteria;
use crate::shape::{Kind, Parameter, Shape, optional, required};
use crate::state::attribute::{AttributeGroup, AttributeSet, DEFAULT_SET};
use crate::state::product::next;

const RIGHT: &str = "Magento_Catalog::sets";

const SET: Shape = Shape {
    name: "\\Magento\\Eav\\Api\\Data\\AttributeSetInterface",
    fields: &[
        ("attribute_set_id", Kind::Int),
        ("attribute_set_name", Kind::Text),
        ("sort_order", Kind::Int),
        ("entity_type_id", Kind::Int),
        ("extension_attributes", Kind::Any),
    ],
};

const GROUP: Shape = Shape {
    name: "\\Magento\\Eav\\Api\\Data\\AttributeGroupInterface",
    fields: &[
        ("attribute_group_id", Kind::Text),
        ("attribute_group_name", Kind::Text),
        ("attribute_set_id", Kind::Int),
        ("extension_attributes", Kind::Any),
    ],
};

const MEMBER: &[Parameter] = &[
    required("attributeSetId", Kind::Int),
    required("attributeGroupId", Kind::Int),
    required("attributeCode", Kind::Text),
    optional("sortOrder", Kind::Int),
];

pub(super) const ROUTES: &[Route] = &[
    get("/V1/products/attribute-sets/sets/list", RIGHT, list),
    post(
        "/V1/products/attribute-sets",
        RIGHT,
        &[required("attributeSet", Kind::Object(&SET)), required("skeletonId", Kind::Int)],
        create,
    )
    .on("magento.catalog.api.attributesetmanagementinterface.create"),
    get("/V1/products/attribute-sets/:attributeSetId", RIGHT, read),
    get("/V1/products/attribute-sets/:attributeSetId/attributes", RIGHT, attributes),
    get("/V1/products/attribute-sets/groups/list", RIGHT, groups),
    post("/V1/products/attribute-sets/groups", RIGHT, &[required("group", Kind::Object(&GROUP))], create_group)
        .on("magento.catalog.api.productattributegrouprepositoryinterface.save"),
    post("/V1/products/attribute-sets/attributes", RIGHT, MEMBER, assign)
        .on("magento.catalog.api.productattributemanagementinterface.assign"),
    delete("/V1/products/attribute-sets/:attributeSetId/attributes/:attributeCode", RIGHT, unassign)
        .on("magento.catalog.api.productattributemanagementinterface.unassign"),
];

fn view(set: &AttributeSet) -> Value {
    json!({"attribute_set_id": set.id, "attribute_set_name": set.name, "sort_order": set.sort_order, "entity_type_id": 4})
}

fn group_view(group: &AttributeGroup) -> Value {
    json!({"attribute_group_id": group.id.to_string(), "attribute_group_name": group.name, "attribute_set_id": group.set})
}

fn list(call: &mut Call<'_>) -> Answer {
    let criteria = Criteria::read(&call.query)?;
    let field = |set: &&AttributeSet, name: &str| text_of(&view(set), name);
    let found: Vec<&AttributeSet> =
        call.state.attributes.sets.iter().filter(|set| criteria.holds(|name| field(set, name))).collect();
    Ok(criteria.answer(found, field, |set| view(set)))
}

fn read(call: &mut Call<'_>) -> Answer {
    let id = call.whole("attributeSetId");
    call.state.attributes.set(id).map(view).ok_or_else(|| Refusal::no_entity("id", id))
}

/// A new set gets the groups and attributes of its skeleton.
fn create(call: &mut Call<'_>) -> Answer {
    let sent = call.value("attributeSet").clone();
    let skeleton = call.whole("skeletonId");
    let name = text_of(&sent, "attribute_set_name").unwrap_or_default();
    let known = &mut call.state.attributes;
    let Some(model) = known.set(skeleton).cloned() else {
        return Err(Refusal::bad(
            "The attribute set couldn't be created because it's based on a non-existing attribute set.",
        ));
    };
    if known.sets.iter().any(|set| set.name == name) {
        return Err(Refusal::bad(format!(
            "A \"{name}\" attribute set name already exists. Create a new name and try again."
        )));
    }
    let id = next(&mut known.next_set);
    let groups: Vec<AttributeGroup> =
        known.groups.iter().filter(|group| group.set == skeleton).rev().cloned().collect();
    for group in groups {
        let id_of_group = next(&mut known.next_group);
        known.groups.push(AttributeGroup { id: id_of_group, set: id, ..group });
    }
    let first = known.groups.iter().filter(|group| group.set == id).map(|group| group.id).max().unwrap_or(0);
    let members = model.members.keys().map(|attribute| (*attribute, first)).collect();
    known.sets.push(AttributeSet { id, name, sort_order: whole_of(&sent, "sort_order").unwrap_or(0), members });
    Ok(known.set(id).map(view).unwrap_or_default())
}

fn attributes(call: &mut Call<'_>) -> Answer {
    let id = call.whole("attributeSetId");
    if call.state.attributes.set(id).is_none() {
        return Err(Refusal::no_entity("id", id));
    }
    let codes = call.state.attributes.codes_of(id);
    let member = |code: &&str| call.state.attributes.by_code(code);
    let shown = codes.iter().filter_map(member).map(|one| {
        json!({
            "attribute_id": one.id, "attribute_code": one.code, "frontend_input": one.input, "default_frontend_label": one.label,
            "is_required": one.is_required, "is_user_defined": one.is_user_defined, "scope": one.scope.word(),
            "backend_type": one.backend.word(), "entity_type_id": "4",
        })
    });
    Ok(shown.collect())
}

fn groups(call: &mut Call<'_>) -> Answer {
    let criteria = Criteria::read(&call.query)?;
    let field = |group: &&AttributeGroup, name: &str| text_of(&group_view(group), name);
    let found: Vec<&AttributeGroup> =
        call.state.attributes.groups.iter().filter(|group| criteria.holds(|name| field(group, name))).collect();
    Ok(criteria.answer(found, field, |group| group_view(group)))
}

fn create_group(call: &mut Call<'_>) -> Answer {
    let sent = call.value("group").clone();
    let set = whole_of(&sent, "attribute_set_id").unwrap_or(DEFAULT_SET);
    let name = text_of(&sent, "attribute_group_name").unwrap_or_default();
    let known = &mut call.state.attributes;
    if known.set(set).is_none() {
        return Err(Refusal::no_entity("attributeSetId", set));
    }
    if known.groups.iter().any(|group| group.set == set && group.name == name) {
        return Err(Refusal::bad("The attributeGroup can't be saved."));
    }
    let group = AttributeGroup { id: next(&mut known.next_group), name, set };
    let answer = group_view(&group);
    known.groups.push(group);
    Ok(answer)
}

/// Puts an attribute into a set; doing it again only gives it a new place.
fn assign(call: &mut Call<'_>) -> Answer {
    let (set, group, code) = (call.whole("attributeSetId"), call.whole("attributeGroupId"), call.text("attributeCode"));
    let known = &mut call.state.attributes;
    if known.set(set).is_none() {
        return Err(Refusal::no_entity("attributeSetId", set));
    }
    if !known.groups.iter().any(|one| one.id == group && one.set == set) {
        return Err(Refusal::bad("The attribute group doesn't belong to the attribute set."));
    }
    let id = known.by_code(&code).ok_or_else(|| unknown_attribute(&code))?.id;
    if let Some(set) = known.sets.iter_mut().find(|one| one.id == set) {
        set.members.insert(id, group);
    }
    Ok(json!(next(&mut known.next_member).to_string()))
}

fn unassign(call: &mut Call<'_>) -> Answer {
    let (set, code) = (call.whole("attributeSetId"), call.text("attributeCode"));
    let known = &mut call.state.attributes;
    let attribute = known.by_code(&code).ok_or_else(|| unknown_attribute(&code))?;
    if !attribute.is_user_defined {
        return Err(Refusal::bad("The system attribute can't be deleted."));
    }
    let id = attribute.id;
    let set =
        known.sets.iter_mut().find(|one| one.id == set).ok_or_else(|| Refusal::no_entity("attributeSetId", set))?;
    set.members.remove(&id);
    Ok(true.into())
}
