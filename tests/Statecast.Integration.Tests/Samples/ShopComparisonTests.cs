using Microsoft.Data.Sqlite;
using Shop.Contracts;
using Shop.Verification;
using Statecast.Integration.Tests.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Samples;

/// <summary>The verdict of the shop is worth something only if it can be the other one.</summary>
[Collection(SamplesCollection.Name)]
public sealed class ShopComparisonTests(FinishedShop shop)
{
    private const string Rows = "\"statecast_rows.shop.order.v1\"";
    private const string One = $"rowid = (SELECT min(rowid) FROM {Rows} WHERE NOT deleted)";

    [Fact]
    public async Task Untouched_files_are_equal()
    {
        using var copy = shop.Copy();
        var verdict = await CompareAsync(copy);
        Assert.True(verdict.Equal, string.Join('\n', verdict.Differences));
    }

    [Theory]
    [InlineData(
        "payments",
        $"UPDATE {Rows} SET body = CAST(replace(CAST(body AS TEXT), '\"street\":\"', '\"street\":\"X') AS BLOB) WHERE {One}"
    )]
    [InlineData("payments", $"DELETE FROM {Rows} WHERE {One}")]
    [InlineData("payments", $"DELETE FROM {Rows}")]
    [InlineData("payments", $"UPDATE {Rows} SET key = 'ffffffff-ffff-ffff-ffff-ffffffffffff' WHERE {One}")]
    [InlineData("payments", $"UPDATE {Rows} SET deleted = 1 WHERE {One}")]
    [InlineData("payments", $"UPDATE {Rows} SET revision = revision + 1 WHERE {One}")]
    [InlineData("payments", $"UPDATE {Rows} SET writes = writes + 1 WHERE {One}")]
    [InlineData("payments", "UPDATE statecast_replica SET applied = applied + 1, received = received + 1")]
    [InlineData("payments", "UPDATE statecast_replica SET received = received + 1")]
    [InlineData("payments", "UPDATE handled SET times = 2 WHERE rowid = (SELECT min(rowid) FROM handled)")]
    [InlineData("payments", "UPDATE handled SET revision = revision + 1000 WHERE rowid = (SELECT min(rowid) FROM handled)")]
    [InlineData("payments", "UPDATE statecast_replica SET keys = keys - 1")]
    [InlineData("orders", "UPDATE Orders SET Note = 'changed' WHERE rowid = (SELECT min(rowid) FROM Orders)")]
    [InlineData("orders", "UPDATE OrderLines SET Quantity = Quantity + 1 WHERE Id = (SELECT min(Id) FROM OrderLines)")]
    public async Task Anything_that_differs_is_found(string service, string damage)
    {
        using var copy = shop.Copy();
        await using (var connection = new SqliteConnection($"Data Source={copy.File($"{service}.db")};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = damage;
            Assert.True(await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken) > 0);
        }
        Assert.NotEmpty((await CompareAsync(copy)).Differences);
    }

    [Fact]
    public async Task State_that_was_answered_to_a_customer_and_is_missing_is_found()
    {
        using var copy = shop.Copy();
        var row = (await new ReplicaFile(copy.File("payments.db"), "shop.order.v1").RowsAsync(TestContext.Current.CancellationToken))[0];
        var id = Guid.Parse(row.Key);
        var held = new Dictionary<Guid, string> { [id] = $"shop.order~{row.Key}~{row.Epoch}~{row.Revision}" };
        var lost = new Dictionary<Guid, string> { [id] = $"shop.order~{row.Key}~{row.Epoch}~{row.Revision + 1}" };
        Assert.True((await CompareAsync(copy, held)).Equal);
        Assert.False((await CompareAsync(copy, lost)).Equal);
    }

    private static Task<ReplicaVerdict> CompareAsync(TempDirectory directory, Dictionary<Guid, string>? tokens = null) =>
        new Comparison(new SourceFile(directory.File("orders.db")), tokens ?? []).CompareAsync<OrderState>(
            "payments",
            directory.File("payments.db"),
            null,
            TestContext.Current.CancellationToken
        );
}
