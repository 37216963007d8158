using Microsoft.EntityFrameworkCore;
using Statecast.EntityFrameworkCore;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>Statements that would change published rows past capture are refused unless opted out.</summary>
public sealed class CaptureGuardTests : IAsyncLifetime
{
    private CaptureWorld _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await CaptureWorld.CreateAsync();
        _world.Save(db => db.Add(CaptureWorld.NewOrder(3)));
    }

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    public static TheoryData<string, Action<ShopDb>> Refused =>
        new()
        {
            { "update of the root", db => db.Orders.ExecuteUpdate(s => s.SetProperty(o => o.Status, "b")) },
            { "delete of the root", db => db.Orders.Where(o => o.Status == "x").ExecuteDelete() },
            { "delete of a derived root", db => db.Orders.OfType<ExpressOrder>().ExecuteDelete() },
            { "delete of children", db => db.Lines.ExecuteDelete() },
            { "delete of children by navigation", db => db.Orders.SelectMany(o => o.Lines).ExecuteDelete() },
            { "delete of grandchildren", db => db.Set<LineNote>().ExecuteDelete() },
            { "update of an owned property", db => db.Orders.ExecuteUpdate(s => s.SetProperty(o => o.Address.City, "x")) },
            {
                "update through a join",
                db =>
                    db.Lines.Join(db.Customers, l => l.Quantity, c => c.Id, (l, c) => new { l, c })
                        .ExecuteUpdate(s => s.SetProperty(x => x.l.Quantity, x => x.c.Id))
            },
            { "raw update", db => db.Database.ExecuteSqlRaw("UPDATE Orders SET Status = 'x'") },
            { "raw update, quoted", db => db.Database.ExecuteSqlRaw("update \"main\".\"Orders\" set Status = 'x'") },
            { "raw insert", db => db.Database.ExecuteSqlRaw("INSERT INTO Lines (OrderId, Sku, Quantity) VALUES ('x', 'y', 1)") },
            { "raw delete behind a CTE", db => db.Database.ExecuteSqlRaw("WITH x AS (SELECT 1) DELETE FROM \"Lines\" WHERE 1 = 0") },
            { "raw write of the link table", db => db.Database.ExecuteSqlRaw("DELETE FROM OrderTag") },
            {
                "raw update behind one of another table, parted by a comment",
                db => db.Database.ExecuteSqlRaw("UPDATE Customers SET Name = 'x'; UPDATE/**/Orders SET Status = 'x'")
            },
            {
                "raw delete behind a write of another table, in another dialect",
                db => db.Database.ExecuteSqlRaw("DELETE FROM Customers WHERE 1 = 0; DELETE TOP (1) FROM Orders")
            },
            { "raw replace", db => db.Database.ExecuteSqlRaw("REPLACE INTO Docs (Id) VALUES (1)") },
            { "write through a query", db => db.Database.SqlQueryRaw<string>("UPDATE Orders SET Status = 'x' RETURNING Status").ToList() },
        };

    [Theory(DisableDiscoveryEnumeration = true), MemberData(nameof(Refused))]
    public void Statement_on_published_rows_is_refused(string what, Action<ShopDb> statement)
    {
        using var db = _world.Open();
        for (var i = 0; i < 2; i++)
        {
            var error = Assert.Throws<InvalidOperationException>(() => statement(db));
            Assert.True(error.Message.Contains("not captured", StringComparison.Ordinal), $"{what}: {error.Message}");
            Assert.Contains("RepublishAsync", error.Message);
        }
        Assert.Equal(0, _world.Number("SELECT count(*) FROM Orders WHERE Status = 'x'"));
    }

    public static TheoryData<string, Action<ShopDb>> Allowed =>
        new()
        {
            {
                "update of another table that reads a published one",
                db => db.Customers.Where(c => db.Orders.Any(o => o.Status == c.Name)).ExecuteUpdate(s => s.SetProperty(c => c.Name, "n"))
            },
            { "tagged update", db => db.Orders.AllowUncaptured().ExecuteUpdate(s => s.SetProperty(o => o.Status, "b")) },
            { "tagged delete", db => db.Lines.Where(l => l.Quantity > 100).AllowUncaptured().ExecuteDelete() },
            { "raw update of another table", db => db.Database.ExecuteSqlRaw("UPDATE Customers SET Name = 'Orders'") },
            {
                "raw copy out of a published table",
                db => db.Database.ExecuteSqlRaw("INSERT INTO Customers (Name) SELECT Status FROM Orders")
            },
            {
                "raw upsert of another table out of a published one",
                db =>
                    db.Database.ExecuteSqlRaw(
                        "INSERT INTO Customers (Id, Name) SELECT 1, Status FROM Orders WHERE true ON CONFLICT (Id) DO UPDATE SET Name = 'x'"
                    )
            },
            {
                "raw insert or replace out of a published table",
                db => db.Database.ExecuteSqlRaw("INSERT OR REPLACE INTO Customers (Name) SELECT Status FROM Orders")
            },
            { "raw query", db => db.Orders.FromSqlRaw("SELECT * FROM Orders").IgnoreQueryFilters().ToList() },
            {
                "raw query with replace()",
                db => db.Database.SqlQueryRaw<string>("SELECT replace(Status, 'a', 'b') AS Value FROM Orders").ToList()
            },
            { "raw query for a word in a text", db => db.Orders.FromSqlRaw("SELECT * FROM Orders WHERE Status = 'delete it''s'").ToList() },
            {
                "raw query with a comment",
                db => db.Orders.FromSqlRaw("SELECT * FROM Orders -- used by the update page\n/* and to insert */").ToList()
            },
            { "raw update with the comment", db => db.Database.ExecuteSqlRaw("UPDATE Orders SET Status = 'raw' /* statecast:allow */") },
        };

    [Theory(DisableDiscoveryEnumeration = true), MemberData(nameof(Allowed))]
    public void Statement_that_is_no_uncaptured_write_passes(string what, Action<ShopDb> statement)
    {
        using var db = _world.Open();
        var error = Record.Exception(() => statement(db));
        Assert.True(error is null, $"{what}: {error}");
    }

    [Fact]
    public async Task Async_bulk_statement_is_refused()
    {
        await using var db = _world.Open();
        await Assert.ThrowsAsync<InvalidOperationException>(() => db.Orders.ExecuteUpdateAsync(s => s.SetProperty(o => o.Status, "b")));
        await Assert.ThrowsAsync<InvalidOperationException>(() => db.Database.ExecuteSqlAsync($"DELETE FROM Orders"));
    }

    [Fact]
    public void Migrations_own_statements_pass()
    {
        using var db = _world.Open();
        // EnsureDeleted and EnsureCreated run as a migration does: past the guard.
        db.Database.EnsureDeleted();
        Assert.True(db.Database.EnsureCreated());
    }
}
