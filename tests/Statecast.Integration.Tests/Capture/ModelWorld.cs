using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Statecast.EntityFrameworkCore.Publishing;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>
/// A source for random units of work. After every commit, whoever made it, the newest captured state of every key is compared with the map of the
/// rows as a fresh context reads them.
/// </summary>
internal sealed class ModelWorld : IDisposable
{
    private readonly Dictionary<string, Captured> _newest = [];
    private readonly Dictionary<string, int> _covered = [];
    private long _sequence;

    private ModelWorld(CaptureWorld world, LostCommit lost, bool retries)
    {
        World = world;
        Lost = lost;
        Retries = retries;
        lost.Committed = () => Committed("commit by EF Core");
    }

    public CaptureWorld World { get; }

    public LostCommit Lost { get; }

    /// <summary>Whether the contexts have a retrying execution strategy.</summary>
    public bool Retries { get; }

    /// <summary>Rows that were deleted, or whose insertion was at least tried: some are made again under the same key.</summary>
    public List<object> Gone { get; } = [];

    /// <summary>Events captured so far.</summary>
    public int Captured { get; private set; }

    /// <summary>How often each kind of thing happened.</summary>
    public IReadOnlyDictionary<string, int> Covered => _covered;

    public static async Task<ModelWorld> CreateAsync(Registration kind, bool retries)
    {
        var lost = new LostCommit();
        var world = await CaptureWorld.CreateAsync(o =>
        {
            o.Publish = Publish;
            o.Kind = kind;
            o.Context = b => b.AddInterceptors(lost);
            if (retries)
                o.Sqlite = s => s.ExecutionStrategy(d => new RetryingStrategy(d.CurrentContext.Context));
        });
        return new(world, lost, retries);
    }

    /// <summary>A scope with a captured context, as an application gets it: pooled ones are used again.</summary>
    public AsyncServiceScope OpenScope() => World.ServiceProvider.CreateAsyncScope();

    public void Cover(string what) => _covered[what] = _covered.GetValueOrDefault(what) + 1;

    /// <summary>A transaction was committed: compares.</summary>
    public void Committed(string how)
    {
        Cover(how);
        AssertCapturedEqualsRows();
    }

    /// <summary>Compares everything, and that no revision fell and nothing was captured that did not change.</summary>
    public void AssertCapturedEqualsRows()
    {
        foreach (var row in World.Outbox(_sequence))
        {
            var key = $"{row.Contract}/{row.Key}";
            if (_newest.TryGetValue(key, out var before))
            {
                Assert.True(row.Revision > before.Revision, $"{key} went from revision {before.Revision} to {row.Revision}");
                Assert.True(row.Body != before.Body, $"{key} was captured again without a change, at revision {row.Revision}");
            }
            _newest[key] = row;
            _sequence = row.Sequence;
            Captured++;
        }
        var captured = _newest.Where(n => n.Value.Body is not null).ToDictionary(n => n.Key, n => n.Value.Body!);
        var expected = World.Expected(IsPublished);
        foreach (var (key, body) in expected)
            Assert.True(captured.TryGetValue(key, out var got) && got == body, $"{key} is {body}, but captured was {got ?? "nothing"}");
        foreach (var key in captured.Keys)
            Assert.True(expected.ContainsKey(key), $"{key} is gone, but captured was {captured[key]}");
    }

    /// <summary>The heads name what the outbox holds.</summary>
    public void AssertHeadsEqualOutbox()
    {
        Assert.Equal(_newest.Count, World.Number("SELECT count(*) FROM statecast_head"));
        Assert.Equal(_newest.Values.Sum(r => r.Revision), World.Number("SELECT sum(revision) FROM statecast_head"));
    }

    public void Dispose() => World.Dispose();

    private static void Publish(EfSourceBuilder<ShopDb> db)
    {
        db.Publish<Order, OrderState>(OrderState.From).ReadsAlso(o => o.Tags).Where(IsPublished);
        db.Publish<Invoice, InvoiceState>(InvoiceState.From).Where(IsPublished);
        db.Publish<Doc, DocState>(DocState.From);
        db.Publish<Shipment, ShipmentState>(ShipmentState.From);
        db.Publish<Ticket, TicketState>(TicketState.From).Where(IsPublished);
    }

    // Depends on the root, on its children and on what the database makes.
    private static bool IsPublished(object row) =>
        row switch
        {
            Order o => o.Status != "s3" && o.Lines.All(l => l.Quantity < 9),
            Invoice i => i.Gross % 5 != 0,
            Ticket t => t.Subject != "private",
            _ => true,
        };
}
