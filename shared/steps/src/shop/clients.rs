//! Keeps the clients of shops, for as long as what they are made of stays as it is.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use engine::{ExecutorError, Invocation, Work};
use http_client::{Client, ClientSettings, ListedHost, RootCertStore, SystemResolver};
use magento::client::{Network, ShopAccess, ShopClient, ShopSettings, Wire};
use magento::target::MagentoTarget;
use pipeline::settings::Settings;
use store::services::Services;

use super::knowledge::{ShopAge, known};
use super::media::StoredMedia;
use super::memory::StoredMemory;
use super::pretending::Pretending;
use super::secret;
use super::settings::SetShop;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Makes the connection to the hosts that may be called.
pub type Connect = dyn Fn(Vec<ListedHost>, Clock) -> Arc<dyn Wire> + Send + Sync;

/// The clients of the shops that a process speaks to.
pub struct ShopClients {
    connect: Box<Connect>,
    /// The latest invocation: a client outlives the one that it is made in.
    invocation: Arc<Mutex<Option<Invocation>>>,
    kept: Mutex<BTreeMap<String, KeptClient>>,
}

/// A client, and what it is made of.
struct KeptClient {
    shop: SetShop,
    access: ShopAccess,
    hosts: Vec<ListedHost>,
    client: Arc<ShopClient>,
}

impl Default for ShopClients {
    fn default() -> Self {
        Self::trusting(None)
    }
}

impl ShopClients {
    /// Clients over the network that trust some certificates, or those that this machine trusts.
    #[must_use]
    pub fn trusting(roots: Option<RootCertStore>) -> Self {
        Self::over(move |hosts, clock| {
            let settings = ClientSettings { hosts, resolver: Arc::new(SystemResolver), roots: roots.clone() };
            Arc::new(Network::new(Client::new(settings), move || clock()))
        })
    }

    /// Clients over another connection, such as that of a simulation.
    pub fn over(connect: impl Fn(Vec<ListedHost>, Clock) -> Arc<dyn Wire> + Send + Sync + 'static) -> Self {
        Self { connect: Box::new(connect), invocation: Arc::default(), kept: Mutex::default() }
    }

    /// The client of a shop.
    ///
    /// # Errors
    /// Permanent: it is not set, or its secret is not there or not what it should be; says what to do about it.
    pub(crate) async fn client(&self, work: &Work<'_>, shop: &SetShop) -> Result<Arc<ShopClient>, ExecutorError> {
        let access = access(work.services(), shop, work.now()).await?;
        let hosts = listed_hosts(work.services());
        *self.invocation.lock().expect("nothing panics while it is held") = Some(work.invocation.clone());
        let mut kept = self.kept.lock().expect("nothing panics while it is held");
        let same = kept.get(&shop.name);
        let same = same.filter(|kept| kept.shop == *shop && kept.access == access && kept.hosts == hosts);
        if let Some(same) = same {
            return Ok(same.client.clone());
        }
        let wire = (self.connect)(hosts.clone(), self.clock());
        let client = Arc::new(ShopClient::new(client_settings(shop, access.clone()), wire));
        kept.insert(shop.name.clone(), KeptClient { shop: shop.clone(), access, hosts, client: client.clone() });
        Ok(client)
    }

    /// A shop as a target, with what is known of it, what it has accepted, and the files that rows name.
    ///
    /// # Errors
    /// As [`Self::client`]; or the shop cannot be asked.
    pub(crate) async fn target(&self, work: &Work<'_>, name: &str) -> Result<MagentoTarget, ExecutorError> {
        let shop = set_shop(&*work.settings().await?, name)?;
        let client = self.client(work, &shop).await?;
        let known = known(work, (&shop, &client), ShopAge::Kept).await?;
        let memory = StoredMemory::of(work.store.table.clone(), name, &shop.url);
        let wire = (self.connect)(listed_hosts(work.services()), self.clock());
        let media = StoredMedia { files: work.store.files.clone(), wire };
        Ok(MagentoTarget::knowing(client, known).remembering(Arc::new(memory)).reading(Arc::new(media)))
    }

    /// A client of its own that asks a shop and changes nothing, with what it would have sent.
    ///
    /// # Errors
    /// As [`Self::client`].
    pub(crate) async fn pretending(
        &self,
        work: &Work<'_>,
        shop: &SetShop,
    ) -> Result<(Arc<ShopClient>, Arc<Pretending>), ExecutorError> {
        let access = access(work.services(), shop, work.now()).await?;
        *self.invocation.lock().expect("nothing panics while it is held") = Some(work.invocation.clone());
        let wire = Pretending::over((self.connect)(listed_hosts(work.services()), self.clock()));
        let client = ShopClient::new(client_settings(shop, access), wire.clone());
        Ok((Arc::new(client), wire))
    }

    /// A connection to no host at all.
    #[cfg(test)]
    pub(crate) fn wire_for_tests(&self) -> Arc<dyn Wire> {
        (self.connect)(Vec::new(), self.clock())
    }

    /// The clock of whoever works with a client at the moment.
    fn clock(&self) -> Clock {
        let invocation = self.invocation.clone();
        Arc::new(move || {
            let invocation = invocation.lock().expect("nothing panics while it is held");
            invocation.as_ref().expect("a client is made within an invocation").now()
        })
    }
}

impl fmt::Debug for ShopClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShopClients")
    }
}

fn listed_hosts(services: &Services) -> Vec<ListedHost> {
    services.http.hosts.iter().map(|listed| ListedHost { host: listed.host.clone(), port: listed.port }).collect()
}

fn client_settings(shop: &SetShop, access: ShopAccess) -> ShopSettings {
    ShopSettings {
        name: shop.name.clone(),
        address: shop.address.clone(),
        access,
        limits: shop.limits.clone(),
        download_hosts: shop.download_hosts.clone(),
    }
}

/// What is set of the shop of a name.
///
/// # Errors
/// Permanent: there is no such shop.
pub(crate) fn set_shop(settings: &Settings, name: &str) -> Result<SetShop, ExecutorError> {
    SetShop::read(settings, name).map_err(|error| ExecutorError::permanent(error.to_string()))
}

/// How a shop lets us in.
async fn access(services: &Services, shop: &SetShop, now: DateTime<Utc>) -> Result<ShopAccess, ExecutorError> {
    let (secret, name) = (&shop.secret, &shop.name);
    let read = services.secret(secret, now).await.map_err(|error| {
        let message = format!("secret `{secret}` of shop `{name}` cannot be read");
        let is_retryable = error.is_retryable();
        let source: Option<Box<dyn std::error::Error + Send + Sync>> = Some(Box::new(error));
        if is_retryable {
            ExecutorError::Retryable { message, source }
        } else {
            ExecutorError::Permanent { message, source }
        }
    })?;
    let Some(read) = read else {
        return Err(ExecutorError::permanent(format!(
            "secret `{secret}` of shop `{name}` is not there; set SECRET_{secret} where steps run, or name another one in \
             setting `shop.secret`"
        )));
    };
    secret::access(shop, &read).map_err(ExecutorError::permanent)
}
