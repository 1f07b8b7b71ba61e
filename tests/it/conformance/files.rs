//! The promises of the files seam.

use bytes::Bytes;
use tests::Seams;

super::on_every_back_end! {
    what_is_put_is_got
}

async fn what_is_put_is_got(seams: &Seams) {
    seams.files.put("a/b", Bytes::from_static(b"hello")).await.unwrap();
    assert_eq!(seams.files.get("a/b", None).await.unwrap().unwrap(), "hello");
    assert_eq!(seams.files.list("", None, 10).await.unwrap().len(), 1);
}
