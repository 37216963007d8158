using Statecast.Conformance.Transport;
using Statecast.Sqlite;
using Statecast.Sqlite.Transport;
using Statecast.Transport;

namespace Statecast.Integration.Tests.Sqlite;

public sealed class SqliteLogTransportTests : ConditionalTransportConformance, IDisposable
{
    private readonly TempDirectory _directory = new();

    protected override ITransport Create() => new SqliteLogTransport(new SqliteLogOptions { Directory = _directory.Path });

    public void Dispose() => _directory.Dispose();
}
