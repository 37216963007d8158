using Statecast.Conformance.Outbox;

namespace Statecast.Tests.Outbox;

public sealed class MemoryOutboxTests : OutboxStoreConformance
{
    protected override Task<OutboxDatabase> CreateAsync() => Task.FromResult<OutboxDatabase>(new MemoryOutbox());
}
