"""How a bucket can be worse than Amazon's. Ours is none of this, until a test of `manage.py doctor` makes it so."""

from dataclasses import dataclass

CHECKSUM = "x-amz-checksum-"


@dataclass
class Leniency:
    """Each is a fault of a store, or of a bucket that was set up wrongly.

    `public`: what is unsigned is the owner's. `forgeable`: any signature will do. `endless`: no link runs out. `ancient`: links by
    Signature Version 2 are taken. `heedless`: checksums of bodies are ignored. `ageless`: no ceiling on a signature's age, as Amazon's
    is until a policy sets one. `immortal`: a part can be sent again when its upload is over.
    """

    public: bool = False
    forgeable: bool = False
    endless: bool = False
    ancient: bool = False
    heedless: bool = False
    ageless: bool = True
    immortal: bool = False

    def heeded(self, headers: dict[str, str]) -> dict[str, str]:
        """Return the headers that this bucket looks at."""
        return {name: value for name, value in headers.items() if not (self.heedless and name.startswith(CHECKSUM))}
