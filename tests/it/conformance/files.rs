//! The promises of the files seam.

use bytes::Bytes;
use store::Store;

super::on_every_back_end! {
    what_is_put_is_got
}

async fn what_is_put_is_got(store: &Store) {
    store.files.put("a/b", Bytes::from_static(b"hello")).await.unwrap();
    assert_eq!(store.files.get("a/b", None).await.unwrap().unwrap(), "hello");
    assert_eq!(store.files.list("", None, 10).await.unwrap().len(), 1);
}
