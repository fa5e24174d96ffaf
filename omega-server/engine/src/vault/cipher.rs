//! One key and what it encrypts: AES-256-GCM with a random 96-bit nonce, bound to a context.
//!
//! The context goes in as associated data, each part behind its length, so that no two contexts read the same. What was
//! sealed for one place does not open in another.

use super::VaultError;
use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of a key.
pub(super) const KEY: usize = 32;
/// Bytes of a nonce.
pub(super) const NONCE: usize = 12;

/// The bytes of a key; wiped when dropped.
pub(super) type KeyBytes = Zeroizing<[u8; KEY]>;

/// A key that is ready to use. Its schedule is wiped when it is dropped.
pub(super) struct Cipher(Aes256Gcm);

/// A new key from the operating system's generator.
pub(super) fn new_key() -> Result<KeyBytes, VaultError> {
    let mut key = Zeroizing::new([0; KEY]);
    getrandom::fill(key.as_mut_slice()).map_err(VaultError::Random)?;
    Ok(key)
}

/// A key's name: it tells keys apart and gives nothing of them away, since a key has 256 random bits.
pub(super) fn fingerprint(key: &[u8; KEY]) -> String {
    let digest = Sha256::new().chain_update(b"omega master key id\0").chain_update(key).finalize();
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Cipher {
    pub fn new(key: &[u8; KEY]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// The nonce, and the ciphertext with its tag.
    pub fn encrypt(&self, plain: &[u8], context: &[&str]) -> Result<(Vec<u8>, Vec<u8>), VaultError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(VaultError::Random)?;
        let payload = Payload { msg: plain, aad: &associated(context) };
        let ciphertext = self.0.encrypt(&Nonce::from(nonce), payload).map_err(|_| VaultError::TooLarge)?;
        Ok((nonce.to_vec(), ciphertext))
    }

    /// The plaintext, or `None` when anything differs: the key, the nonce, the ciphertext, the context.
    pub fn decrypt(&self, nonce: &[u8], ciphertext: &[u8], context: &[&str]) -> Option<Zeroizing<Vec<u8>>> {
        let nonce = <[u8; NONCE]>::try_from(nonce).ok()?;
        let payload = Payload { msg: ciphertext, aad: &associated(context) };
        self.0.decrypt(&Nonce::from(nonce), payload).ok().map(Zeroizing::new)
    }
}

fn associated(context: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(context.iter().map(|part| part.len() + 8).sum());
    for part in context {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_byte_and_any_other_context_or_key_closes_it() {
        let cipher = Cipher::new(&[7; KEY]);
        let context = ["omega", "user", "a"];
        let (nonce, ciphertext) = cipher.encrypt(b"the secret", &context).unwrap();
        assert_eq!(cipher.decrypt(&nonce, &ciphertext, &context).unwrap().as_slice(), b"the secret");
        for at in 0..ciphertext.len() {
            for bit in 0..8 {
                let mut changed = ciphertext.clone();
                changed[at] ^= 1 << bit;
                assert!(cipher.decrypt(&nonce, &changed, &context).is_none(), "byte {at}, bit {bit}");
            }
        }
        for at in 0..nonce.len() {
            let mut changed = nonce.clone();
            changed[at] ^= 1;
            assert!(cipher.decrypt(&changed, &ciphertext, &context).is_none(), "nonce byte {at}");
        }
        for other in [&["omega", "user"][..], &["omega", "usera", ""], &["omega", "user", "a", ""], &["omegauser", "a"]]
        {
            assert!(cipher.decrypt(&nonce, &ciphertext, other).is_none(), "{other:?}");
        }
        assert!(Cipher::new(&[8; KEY]).decrypt(&nonce, &ciphertext, &context).is_none());
        assert!(cipher.decrypt(&nonce[1..], &ciphertext, &context).is_none());
        assert!(cipher.decrypt(&nonce, &ciphertext[..8], &context).is_none());
        assert!(cipher.decrypt(&[], &[], &context).is_none());
    }

    #[test]
    fn no_nonce_comes_twice_and_equal_values_look_different() {
        let cipher = Cipher::new(&[7; KEY]);
        let sealed: std::collections::HashSet<_> = (0..2_000).map(|_| cipher.encrypt(b"same", &[]).unwrap()).collect();
        let nonces: std::collections::HashSet<_> = sealed.iter().map(|(nonce, _)| nonce).collect();
        let texts: std::collections::HashSet<_> = sealed.iter().map(|(_, ciphertext)| ciphertext).collect();
        assert_eq!((nonces.len(), texts.len()), (2_000, 2_000));
    }

    /// NIST's GCM vectors, test case 16: the cipher is the standard one.
    #[test]
    fn the_cipher_is_aes_256_gcm_of_the_standard() {
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        };
        let key: [u8; KEY] =
            bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").try_into().unwrap();
        let nonce: [u8; NONCE] = bytes("cafebabefacedbaddecaf888").try_into().unwrap();
        let plain = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let sealed = Cipher::new(&key)
            .0
            .encrypt(
                &Nonce::from(nonce),
                Payload { msg: &plain, aad: &bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2") },
            )
            .unwrap();
        let expected = bytes(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        );
        assert_eq!(sealed, expected);
    }
}
