from tests.sandbox.s3.conftest import juicefs

__all__ = ["juicefs"]
