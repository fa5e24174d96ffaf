//! The port of a registry to which people add packages.

use super::{AddError, RegistryService};
use async_trait::async_trait;
use omega_core::{
    api::AddedPackage,
    executor::ToolError,
    id::UserId,
    registry::{ExactPackage, Registry},
};

/// A registry that grows.
#[async_trait]
pub trait ExtensibleRegistry: Registry {
    /// Adds a package for one user alone; once more changes nothing.
    ///
    /// # Errors
    /// When it can't be looked into, is another one than was approved, or does not fit.
    async fn add_approved(&self, owner: UserId, package: ExactPackage) -> Result<AddedPackage, ToolError>;
}

#[async_trait]
impl ExtensibleRegistry for RegistryService {
    async fn add_approved(&self, owner: UserId, package: ExactPackage) -> Result<AddedPackage, ToolError> {
        self.add_exactly(owner, package).await.map_err(AddError::told)
    }
}
