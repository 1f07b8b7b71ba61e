//! What `make fuzz` runs: libFuzzer over the target that `FUZZ_TARGET` names.
#![no_main]

use std::sync::OnceLock;

use fuzz::Target;

static TARGET: OnceLock<&'static Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        #[expect(clippy::disallowed_methods, reason = "libFuzzer takes the arguments for itself")]
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let target = fuzz::target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET is `{name}`, which is no target"));
        assert!(TARGET.set(target).is_ok(), "libFuzzer begins once");
    },
    |data: &[u8]| {
        let target = TARGET.get().expect("libFuzzer begins before it runs");
        (target.run)(data);
    }
);
