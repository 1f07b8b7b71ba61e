//! What operators do with the admin function. The emulator's address lets everybody in; the function itself does not.

use pipeline::{PipelineId, PipelineStatus};
use serde_json::json;

use super::{Stack, admin, admin_post, admin_unknown, eventually};

/// More steps than a person's hand is fast.
const STEPS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_is_spawned_looked_at_and_cancelled() {
    let stack = Stack::connect().await;
    stack.put_object("pipelines/long_chain.xml", &long_chain().into());
    // The schedule beats once a minute, and the stack may be younger than that.
    patience::wait("a healthy stack").look(|| {
        let health = admin("health");
        (health.status == 200 && health.json()["status"] == "ok").then_some(())
    });
    let definitions = admin("definitions").json();
    assert_eq!(definitions["problems"], json!([]));

    let spawned = admin_post("pipelines", &json!({ "name": "long_chain" }));
    assert_eq!(spawned.status, 201, "{spawned:?}");
    let id: PipelineId = spawned.json()["id"].as_str().unwrap().parse().unwrap();
    let listed = admin("pipelines?name=long_chain&status=running").json();
    assert_eq!(listed["pipelines"][0]["id"], json!(id), "{listed}");
    eventually("the second step has ended", async || {
        let details = admin(&format!("pipelines/{id}")).json();
        (details["steps"][1]["status"] == "skipped").then_some(())
    })
    .await;

    let cancelled = admin_post(&format!("pipelines/{id}/cancel"), &json!({ "reason": "it takes too long" }));
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    let ended = stack.ended(&id).await;
    assert_eq!(ended.status, PipelineStatus::Cancelled);
    assert_eq!(ended.stop.unwrap().reason, "it takes too long (arn:aws:iam::000000000000:user/operator)");
    assert_eq!(ended.steps.last().unwrap().record.attempt, 0, "it was never begun");
    assert_eq!(admin_post(&format!("pipelines/{id}/cancel"), &json!({})).status, 409);
    assert_eq!(admin("nothing-of-this-name").status, 404);
}

#[test]
fn somebody_whom_nobody_knows_gets_no_answer() {
    for path in ["health", "pipelines", "settings"] {
        let answer = admin_unknown(path);
        assert_eq!(answer.status, 401, "{answer:?}");
    }
}

/// One step after the other, each of which finds nothing to do.
fn long_chain() -> String {
    let step = |number: usize| {
        format!(
            r#"<step name="look_{number}" executorType="archive" sortOrder="{number}"><conditions>
                <step_condition type="attempts_limit"><argument key="limit" value="1"/></step_condition>
                <step_condition type="previous_steps_completed"/>
            </conditions></step>"#
        )
    };
    let steps: String = (1..=STEPS).map(step).collect();
    format!(
        r#"<config><pipeline name="long_chain" use-working-directory="true">
            <conditions><pipeline_condition type="no_auto_spawn"/></conditions>{steps}
        </pipeline></config>"#
    )
}
