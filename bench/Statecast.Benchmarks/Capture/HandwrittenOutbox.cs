using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Capture;

/// <summary>An outbox as many write it by hand: one more entity in the same save.</summary>
internal sealed class OutboxMessage
{
    public long Id { get; set; }
    public string Contract { get; set; } = "";
    public string Key { get; set; } = "";
    public long Revision { get; set; }
    public byte[] Body { get; set; } = [];
}

internal sealed class HandwrittenOutboxDb(DbContextOptions<HandwrittenOutboxDb> options) : OrdersDb(options)
{
    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();
}

/// <summary>
/// The peer: maps what is in memory and adds the entity before it saves. The revision is a counter in memory, which costs nothing and which no real
/// source can use: the peer is flattered.
/// </summary>
internal class HandwrittenOutbox : OrderSaver
{
    private readonly PooledDbContextFactory<HandwrittenOutboxDb> _contexts;
    private long _revision;

    public HandwrittenOutbox(string directory, string synchronous)
        : this(directory, "one outbox entity", synchronous) { }

    protected HandwrittenOutbox(string directory, string name, string synchronous)
        : base(directory, name, synchronous)
    {
        _contexts = new(new DbContextOptionsBuilder<HandwrittenOutboxDb>().UseSqlite(ConnectionString).Options, poolSize: 4);
        CreateTables();
    }

    public override HandwrittenOutboxDb CreateContext() => _contexts.CreateDbContext();

    public override void Save(OrdersDb db, Order order)
    {
        AddMessage((HandwrittenOutboxDb)db, order);
        db.SaveChanges();
    }

    public override byte[]? CapturedBody(Guid order) =>
        Scalar("SELECT Body FROM Outbox WHERE Key = @key ORDER BY Id DESC LIMIT 1", order.ToString());

    protected void AddMessage(HandwrittenOutboxDb db, Order order) =>
        db.Outbox.Add(
            new()
            {
                Contract = "bench.order",
                Key = order.Id.ToString(),
                Revision = ++_revision,
                Body = OrderJson.Serialize(order.ToState()),
            }
        );
}

/// <summary>The peer that carries what was committed and not what happened to be in memory: saves, reads the aggregate back, adds the entity, saves again, in one transaction.</summary>
internal sealed class ReadBackOutbox(string directory, string synchronous)
    : HandwrittenOutbox(directory, "outbox entity after read-back", synchronous)
{
    private static readonly Func<HandwrittenOutboxDb, Guid, Order> Read = EF.CompileQuery(
        (HandwrittenOutboxDb db, Guid id) => db.Orders.AsNoTracking().Include(o => o.Lines).Single(o => o.Id == id)
    );

    public override void Save(OrdersDb db, Order order)
    {
        var context = (HandwrittenOutboxDb)db;
        using var transaction = context.Database.BeginTransaction();
        context.SaveChanges();
        AddMessage(context, Read(context, order.Id));
        context.SaveChanges();
        transaction.Commit();
    }
}
