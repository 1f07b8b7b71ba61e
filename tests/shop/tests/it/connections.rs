//! What a connection to the shop can be like.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use local_shop::{LocalShop, Setup, TOKEN};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

/// The certificate for `shop.example.com` that the client's own tests use, too.
fn pem(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/http/src/testing").join(name)
}

fn server() -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_file(pem("shop.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(pem("shop.key.pem")).unwrap();
    Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap())
}

fn client(roots: RootCertStore) -> TlsConnector {
    TlsConnector::from(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

fn request(coding: &str) -> String {
    format!(
        "GET /rest/V1/products/attributes?searchCriteria= HTTP/1.1\r\nhost: shop.example.com\r\nauthorization: Bearer {TOKEN}\r\n\
         accept-encoding: {coding}\r\nconnection: close\r\n\r\n"
    )
}

#[tokio::test]
async fn a_shop_behind_tls_answers_who_trusts_its_certificate() {
    let shop = LocalShop::start(Setup { tls: Some(server()), ..Setup::default() }).await.unwrap();
    assert!(shop.url().starts_with("https://"), "{}", shop.url());
    let address = shop.url().trim_start_matches("https://").to_owned();
    let name = ServerName::try_from("shop.example.com").unwrap();
    let stranger = TcpStream::connect(&address).await.unwrap();
    assert!(client(RootCertStore::empty()).connect(name.clone(), stranger).await.is_err());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pem("ca.pem")).unwrap()).unwrap();
    let mut stream = client(roots).connect(name, TcpStream::connect(&address).await.unwrap()).await.unwrap();
    stream.write_all(request("identity").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_large_reply_is_compressed_for_who_takes_that() {
    let shop = LocalShop::start(Setup::default()).await.unwrap();
    let address = shop.url().trim_start_matches("http://").to_owned();
    let mut bodies = Vec::new();
    for coding in ["identity", "gzip"] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(request(coding).as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        bodies.push(answer.split_off(at));
    }
    assert!(bodies[1].len() < bodies[0].len() / 4, "{} of {} bytes", bodies[1].len(), bodies[0].len());
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(bodies[1].as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, bodies[0]);
    assert_eq!(serde_json::from_slice::<Value>(&unpacked).unwrap()["total_count"], json!(61));
}
