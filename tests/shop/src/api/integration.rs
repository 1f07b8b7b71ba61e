//! `integration/admin/token`: a token for a person, for an hour.

use serde_json::json;

use crate::call::Call;
use crate::refusal::Refusal;
use crate::route::{ANYBODY, Answer, Route, post};
use crate::shape::{Kind, Parameter, optional};

const LOGIN: &[Parameter] = &[optional("username", Kind::Text), optional("password", Kind::Text)];

pub(super) const ROUTES: &[Route] = &[post("/V1/integration/admin/token", ANYBODY, LOGIN, token)
    .on("magento.integration.api.admintokenserviceinterface.createadminaccesstoken")];

/// Wrong, unknown and locked are told in one sentence.
fn token(call: &mut Call<'_>) -> Answer {
    for field in ["username", "password"] {
        if call.text(field).is_empty() {
            return Err(Refusal::required(field));
        }
    }
    let (user, password) = (call.text("username"), call.text("password"));
    let issued = call.state.access.sign_in(&user, &password, call.now);
    let message =
        "The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later.";
    issued.map(|token| json!(token)).ok_or_else(|| Refusal::told(401, message, serde_json::Value::Null))
}
