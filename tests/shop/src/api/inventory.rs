//! `inventory`: sources, stocks and quantities. Quantities are written all or not at all.

mod salable;
mod source_items;
mod sources;

use crate::route::Route;

pub(super) const ROUTES: &[Route] = &[
    sources::LIST,
    sources::CREATE,
    sources::READ,
    sources::CHANGE,
    sources::STOCKS,
    sources::CREATE_STOCK,
    sources::READ_STOCK,
    sources::CHANGE_STOCK,
    sources::REMOVE_STOCK,
    sources::LINKS,
    sources::LINK,
    sources::UNLINK,
    sources::RESOLVE,
    source_items::LIST,
    source_items::SAVE,
    source_items::REMOVE,
    source_items::ASSIGN,
    source_items::UNASSIGN,
    salable::QUANTITY,
    salable::IS_SALABLE,
    salable::IS_SALABLE_FOR,
    salable::ARE_SALABLE,
];
