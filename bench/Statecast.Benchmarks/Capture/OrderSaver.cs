using Microsoft.Data.Sqlite;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Capture;

/// <summary>One way of saving orders, on a database file of its own, opened as an application opens it: by a connection string, from the provider's pool.</summary>
internal abstract class OrderSaver : IDisposable
{
    private int _next = 1;

    /// <param name="directory">Where the file is made.</param>
    /// <param name="name">The saver's name, and the file's.</param>
    /// <param name="synchronous">SQLite's mode: NORMAL leaves the cost of the code, FULL is the provider's default.</param>
    protected OrderSaver(string directory, string name, string synchronous)
    {
        Name = name;
        ConnectionString = $"Data Source={Path.Combine(directory, $"{name.Replace(' ', '-')}-{synchronous}.db")}";
        // One thread uses the file, so the pool has one connection, and it keeps its settings.
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};";
        command.ExecuteNonQuery();
    }

    public string Name { get; }

    protected string ConnectionString { get; }

    /// <summary>A context from a pool, as a web request gets it.</summary>
    public abstract OrdersDb CreateContext();

    /// <summary>The measured step: whatever this way does to save a changed order together with its event.</summary>
    public virtual void Save(OrdersDb db, Order order) => db.SaveChanges();

    /// <summary>The newest body that was captured for an order; null where nothing is captured.</summary>
    public virtual byte[]? CapturedBody(Guid order) => null;

    /// <summary>A new order, another one at each call.</summary>
    public Order NextOrder(int lines) => OrderMaker.Make(_next++, lines);

    public virtual void Dispose()
    {
        using var connection = new SqliteConnection(ConnectionString);
        SqliteConnection.ClearPool(connection);
    }

    protected void CreateTables()
    {
        using var db = CreateContext();
        db.Database.EnsureCreated();
    }

    protected byte[]? Scalar(string sql, string key)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("@key", key);
        return command.ExecuteScalar() as byte[];
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        return connection;
    }
}
