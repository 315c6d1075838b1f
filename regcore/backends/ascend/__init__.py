"""Ascend devices, driven through Huawei's pyACL; only here is the module `acl` used."""

from __future__ import annotations

from regcore.backends.ascend.backend import AscendBackend
from regcore.backends.ascend.model_io import ModelIO
from regcore.backends.ascend.pyacl import has_acl
from regcore.backends.ascend.session import read_description

__all__ = ["AscendBackend", "ModelIO", "has_acl", "read_description"]
