using Statecast.Conformance.Replicas;
using Statecast.Replicas;
using Statecast.Sqlite.Replicas;

namespace Statecast.Integration.Tests.Sqlite;

public sealed class SqliteReplicaStoreTests : DurableReplicaStoreConformance, IDisposable
{
    private readonly TempDirectory _directory = new();

    protected override IReplicaStore Create() => new SqliteReplicaStore(_directory.File("replica.db"));

    public void Dispose() => _directory.Dispose();
}

public sealed class SqliteReplicaInboxTests : DurableReplicaInboxConformance, IDisposable
{
    private readonly TempDirectory _directory = new();

    protected override IReplicaStore Create() => new SqliteReplicaStore(_directory.File("replica.db"));

    public void Dispose() => _directory.Dispose();
}
