//! The client of a process: one for all of its steps, so that they share connections.

use std::sync::{Arc, Mutex};

use http_client::{Client, ClientSettings, ListedHost, Resolve, RootCertStore, SystemResolver};
use store::services::HttpPolicy;

/// A client that is made for the hosts that the first step finds listed.
pub(crate) struct KeptClient {
    resolver: Arc<dyn Resolve>,
    roots: Option<RootCertStore>,
    client: Mutex<Option<Client>>,
}

impl Default for KeptClient {
    fn default() -> Self {
        KeptClient::new(Arc::new(SystemResolver), None)
    }
}

impl KeptClient {
    /// With a way to look up names, and with other certificates than those that this machine trusts.
    pub(crate) fn new(resolver: Arc<dyn Resolve>, roots: Option<RootCertStore>) -> Self {
        KeptClient { resolver, roots, client: Mutex::default() }
    }

    /// The client for the hosts that are listed. They are listed once for a process; a process with another list gets
    /// another client, and with it connections of its own.
    pub(crate) fn of(&self, policy: &HttpPolicy) -> Client {
        let listed = |entry: &store::services::AllowedHost| ListedHost { host: entry.host.clone(), port: entry.port };
        let hosts: Vec<ListedHost> = policy.hosts.iter().map(listed).collect();
        let mut kept = self.client.lock().expect("nothing panics while it is held");
        if let Some(client) = kept.as_ref().filter(|client| client.hosts() == hosts) {
            return client.clone();
        }
        let settings = ClientSettings { hosts, resolver: self.resolver.clone(), roots: self.roots.clone() };
        kept.insert(Client::new(settings)).clone()
    }
}
