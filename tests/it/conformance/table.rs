//! The promises of the table seam.

use serde_json::json;
use store::table::{Attributes, Change, Condition, Key, Write, Written};
use tests::Seams;

super::on_every_back_end! {
    what_is_put_is_read
}

async fn what_is_put_is_read(seams: &Seams) {
    let key = Key::new("p", "s");
    let attributes = Attributes::from([("a".to_owned(), json!(1))]);
    let written = seams
        .table
        .write(Write {
            key: key.clone(),
            condition: Condition::Absent,
            change: Change::Put { attributes, listing: None, expires_at: None },
        })
        .await
        .unwrap();
    let Written::Applied(Some(item)) = written else { panic!("{written:?}") };
    assert_eq!(seams.table.get(&key).await.unwrap(), Some(item));
}
