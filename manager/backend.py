"""Where the control plane keeps what must survive: the one place that chooses between Consul and the embedded store."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from catenary.store import Store
from catenary.store.sqlite import SqliteStore
from manager.registry import Registry
from manager.registry.leases import LeaseRegistry
from manager.settings import ManagerSettings
from manager.standing import Standing


@contextlib.asynccontextmanager
async def backend(settings: ManagerSettings, standing: Standing) -> AsyncIterator[tuple[Store, Registry]]:
    """Store and registry, open inside the block. Consul need not be there; an embedded store that cannot be opened,
    and a token or files for TLS that cannot be used, are a SetupError."""
    async with _with_consul(settings, standing) if settings.consul else _embedded(settings, standing) as opened:
        yield opened


@contextlib.asynccontextmanager
async def _embedded(settings: ManagerSettings, standing: Standing) -> AsyncIterator[tuple[Store, Registry]]:
    store = SqliteStore(settings.state_dir / "manager.db")
    await store.open()
    try:
        yield store, LeaseRegistry(store, standing, settings.lease_s)
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def _with_consul(settings: ManagerSettings, standing: Standing) -> AsyncIterator[tuple[Store, Registry]]:
    # A manager without Consul need not load py-consul, nor what comes with it.
    from catenary.store.consul import ConsulStore
    from catenary.store.consul_client import ConsulAccess, ConsulClient
    from manager.registry.agent import CheckTimes
    from manager.registry.consul import ConsulRegistry

    access = ConsulAccess(
        settings.consul,
        token=settings.consul_token.get_secret_value() if settings.consul_token else "",
        token_file=settings.consul_token_file,
        ca=settings.consul_ca,
        cert=settings.consul_cert,
        key=settings.consul_key,
    )
    times = CheckTimes(
        settings.consul_check_interval_s, settings.consul_check_timeout_s, settings.consul_deregister_after_s
    )
    async with ConsulClient(access) as consul:
        store = ConsulStore(consul)
        yield store, ConsulRegistry(consul, store, standing, times, settings.lease_s)
