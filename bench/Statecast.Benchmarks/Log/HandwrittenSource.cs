using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Log;

/// <summary>The outbox entity of the pair; it is numbered before it is sent, as the protocol has it.</summary>
internal sealed class NumberedMessage
{
    public long Id { get; set; }
    public long? LaneNumber { get; set; }
    public string Key { get; set; } = "";
    public long Revision { get; set; }
    public long CapturedAt { get; set; }
    public byte[] Body { get; set; } = [];
}

internal sealed class HandwrittenSourceDb(DbContextOptions<HandwrittenSourceDb> options) : OrdersDb(options)
{
    public DbSet<NumberedMessage> Outbox => Set<NumberedMessage>();
}

/// <summary>The peer's source: EF Core with an outbox entity, and a relay that works in batches.</summary>
internal sealed class HandwrittenSource : ISourceSide
{
    private readonly PooledDbContextFactory<HandwrittenSourceDb> _contexts;
    private readonly HandwrittenRelay _relay;

    public HandwrittenSource(string directory)
    {
        _contexts = new(
            new DbContextOptionsBuilder<HandwrittenSourceDb>()
                .UseSqlite($"Data Source={LogFile.Source(directory)}")
                .AddInterceptors(new SourcePragmas())
                .Options
        );
        using (var db = _contexts.CreateDbContext())
            db.Database.EnsureCreated();
        _relay = new(directory);
    }

    public Task StartRelayAsync()
    {
        _relay.Start();
        return Task.CompletedTask;
    }

    public Task StopRelayAsync() => _relay.StopAsync();

    public async Task SaveAsync(IEnumerable<Order> orders)
    {
        await using var db = await _contexts.CreateDbContextAsync();
        foreach (var order in orders)
        {
            db.Add(order);
            db.Add(
                new NumberedMessage
                {
                    Key = order.Id.ToString(),
                    Revision = 1,
                    CapturedAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
                    Body = OrderJson.Serialize(order.ToState()),
                }
            );
        }
        await db.SaveChangesAsync();
        _relay.Wake();
    }

    public async ValueTask DisposeAsync() => await _relay.StopAsync();
}
