using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;

namespace Statecast.EntityFrameworkCore.Guards;

/// <summary>
/// Where ExecuteSql takes its commands from, so that their text can be looked at. A command interceptor would see it too, but its mere presence
/// makes EF Core allocate event data for every command of every context (4.6 KB in the save of an order with three lines).
/// </summary>
internal sealed class GuardedFacadeDependencies(IRelationalDatabaseFacadeDependencies inner, ICurrentDbContext current)
    : IRelationalDatabaseFacadeDependencies
{
    public IRawSqlCommandBuilder RawSqlCommandBuilder { get; } = new GuardedBuilder(inner.RawSqlCommandBuilder, current);

    public IRelationalConnection RelationalConnection => inner.RelationalConnection;

    public IRelationalCommandDiagnosticsLogger CommandLogger => inner.CommandLogger;

    public IDbContextTransactionManager TransactionManager => inner.TransactionManager;

    public IDatabaseCreator DatabaseCreator => inner.DatabaseCreator;

    public IExecutionStrategy ExecutionStrategy => inner.ExecutionStrategy;

    public IExecutionStrategyFactory ExecutionStrategyFactory => inner.ExecutionStrategyFactory;

    public IEnumerable<IDatabaseProvider> DatabaseProviders => inner.DatabaseProviders;

    public IConcurrencyDetector ConcurrencyDetector => inner.ConcurrencyDetector;

    public ICoreSingletonOptions CoreOptions => inner.CoreOptions;

    public IAdHocMapper AdHocMapper => inner.AdHocMapper;

    public ITypeMappingSource TypeMappingSource => inner.TypeMappingSource;

    public IAsyncQueryProvider QueryProvider => inner.QueryProvider;

    IDiagnosticsLogger<DbLoggerCategory.Database.Command> IDatabaseFacadeDependencies.CommandLogger =>
        ((IDatabaseFacadeDependencies)inner).CommandLogger;

    private sealed class GuardedBuilder(IRawSqlCommandBuilder inner, ICurrentDbContext current) : IRawSqlCommandBuilder
    {
        public IRelationalCommand Build(string sql)
        {
            RawSqlGuard.Check(sql, current.Context);
            return inner.Build(sql);
        }

        public RawSqlCommand Build(string sql, IEnumerable<object?> parameters)
        {
            RawSqlGuard.Check(sql, current.Context);
            return inner.Build(sql, parameters);
        }

        public RawSqlCommand Build(string sql, IEnumerable<object?> parameters, IModel model)
        {
            RawSqlGuard.Check(sql, current.Context);
            return inner.Build(sql, parameters, model);
        }
    }
}
