using Microsoft.Data.Sqlite;

namespace Shop.Services;

/// <summary>One table of a service's own database, by plain ADO.NET: what handlers do to the world, in this sample.</summary>
/// <param name="connectionString">The service's database.</param>
/// <param name="create">The statement that makes the table if it is not there.</param>
internal sealed class LocalTable(string connectionString, string create)
{
    // Guards the making of the table, once.
    private readonly SemaphoreSlim _making = new(1, 1);
    private volatile bool _made;

    public async Task WriteAsync(string sql, IReadOnlyList<(string Name, object Value)> parameters, CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        await command.ExecuteNonQueryAsync(ct);
    }

    public async Task<long> CountAsync(string sql, CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private async Task<SqliteConnection> OpenAsync(CancellationToken ct)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            await connection.OpenAsync(ct);
            await MakeAsync(connection, ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task MakeAsync(SqliteConnection connection, CancellationToken ct)
    {
        if (_made)
            return;
        await _making.WaitAsync(ct);
        try
        {
            if (_made)
                return;
            await using var command = connection.CreateCommand();
            command.CommandText = create;
            await command.ExecuteNonQueryAsync(ct);
            _made = true;
        }
        finally
        {
            _making.Release();
        }
    }
}
