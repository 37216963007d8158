using Microsoft.EntityFrameworkCore;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>The republisher walks the heads, then the rows that have none, in chunks that can be interrupted.</summary>
public sealed class RepublishTests
{
    [Fact]
    public async Task Rows_from_before_are_published_once_as_snapshots()
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Prepare = false);
        FillPlain(world, 25);
        await world.Source.PrepareAsync(CancellationToken.None);
        Assert.Empty(world.Outbox());
        Assert.Equal(0, Ended(world));
        await DrainAsync(world, 10);

        Assert.Equal(25, world.Outbox().Count);
        Assert.All(world.Outbox(), r => Assert.Equal((StateOperation.Snapshot, 1), (r.Operation, r.Revision)));
        Assert.Equal(5, Ended(world));
        world.AssertCapturedEqualsRows();
        // A second start has nothing to do.
        await world.Source.PrepareAsync(CancellationToken.None);
        Assert.Equal(0, (await world.Source.RepublishChunkAsync(10, CancellationToken.None)).Keys);
    }

    [Fact]
    public async Task Every_kind_of_key_can_be_walked_in_pages()
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Prepare = false);
        using (var db = world.Plain())
        {
            for (var i = 0; i < 7; i++)
            {
                db.Add(new Shipment { Region = $"r{i % 3}", Number = i });
                db.Add(new Ticket { Id = new(Guid.NewGuid()), Code = $"T{i}" });
                db.Add(CaptureWorld.NewOrder(1));
                db.Add(new Invoice { Number = $"{i}" });
            }
            db.SaveChanges();
        }
        await world.Source.PrepareAsync(CancellationToken.None);
        await DrainAsync(world, 2);

        Assert.Equal(28, world.Outbox().Count);
        world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Changes_past_capture_are_found_as_changes()
    {
        using var world = await CaptureWorld.CreateAsync();
        await DrainAsync(world, 10);
        var ids = SaveOrders(world, 3);
        world.Sql($"UPDATE Orders SET Status = 'past capture' WHERE Id = '{ids[0].ToString().ToUpperInvariant()}'");
        world.Sql($"DELETE FROM Orders WHERE Id = '{ids[1].ToString().ToUpperInvariant()}'");
        await world.Source.RequestRepublishAsync([RepublishRequest.All("test.order", "test")], CancellationToken.None);
        await DrainAsync(world, 2);

        var last = world.Outbox().Skip(3).ToDictionary(r => r.Key, r => $"{r.Operation}{r.Revision}");
        Assert.Equal("Upsert2", last[ids[0].ToString()]);
        Assert.Equal("Delete2", last[ids[1].ToString()]);
        Assert.Equal("Snapshot1", last[ids[2].ToString()]);
        world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Deleted_keys_say_their_delete_again()
    {
        using var world = await CaptureWorld.CreateAsync();
        await DrainAsync(world, 10);
        var order = world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);
        world.Save(db => db.Remove(db.Orders.Single()));
        await world.Source.RequestRepublishAsync([RepublishRequest.All("test.order", "test")], CancellationToken.None);
        await DrainAsync(world, 10);

        Assert.Equal("U1,D2,D2", world.Story());
        Assert.Equal(order.Id.ToString(), world.Outbox()[^1].Key);
    }

    [Fact]
    public async Task Some_keys_are_republished_alone()
    {
        using var world = await CaptureWorld.CreateAsync();
        await DrainAsync(world, 10);
        var ids = SaveOrders(world, 5).ConvertAll(id => id.ToString());
        foreach (var id in ids.Take(3))
            await world.Source.RequestRepublishAsync([new("test.order", id, 0, 4095, null, "test")], CancellationToken.None);

        Assert.Equal(3, (await world.Source.RepublishChunkAsync(10, CancellationToken.None)).Keys);
        Assert.Equal(ids.Take(3).Order(StringComparer.Ordinal), world.Outbox().Skip(5).Select(r => r.Key));
        Assert.Equal(0, (await world.Source.RepublishChunkAsync(10, CancellationToken.None)).Keys);
    }

    [Fact]
    public async Task Bucket_range_is_republished_alone()
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Prepare = false);
        FillPlain(world, 30);
        await world.Source.PrepareAsync(CancellationToken.None);
        await DrainAsync(world, 10);
        world.Sql("DELETE FROM statecast_outbox");
        await world.Source.RequestRepublishAsync([new("test.order", null, 0, 2047, null, "test")], CancellationToken.None);
        await DrainAsync(world, 10);

        Assert.NotEmpty(world.Outbox());
        Assert.All(world.Outbox(), r => Assert.InRange(Contracts.KeyText.Bucket(r.Key), 0, 2047));
        Assert.Equal(world.Number("SELECT count(*) FROM statecast_head WHERE bucket <= 2047"), world.Outbox().Count);
    }

    [Fact]
    public async Task Republish_goes_on_where_it_was_interrupted()
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Prepare = false);
        FillPlain(world, 20);
        await world.Source.PrepareAsync(CancellationToken.None);
        await world.Source.RepublishChunkAsync(6, CancellationToken.None);
        var first = world.Outbox().Count;
        world.Store.BeforeWrite = () => throw new InvalidOperationException("planted");
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await world.Source.RepublishChunkAsync(6, CancellationToken.None));
        Assert.Equal(first, world.Outbox().Count);
        world.Store.BeforeWrite = null;
        // Another start of the same service, in the middle.
        await world.Source.PrepareAsync(CancellationToken.None);
        await DrainAsync(world, 6);

        Assert.Equal(20, world.Outbox().Count);
        world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Writes_go_on_while_it_works()
    {
        using var world = await CaptureWorld.CreateAsync(o => o.Prepare = false);
        FillPlain(world, 40);
        await world.Source.PrepareAsync(CancellationToken.None);
        var writes = Task.Run(async () =>
        {
            for (var i = 0; i < 60; i++)
            {
                await using var db = world.Open();
                if (i % 5 == 0)
                    db.Remove(await db.Orders.OrderBy(o => o.Id).Skip(i % 7).FirstAsync());
                else if (i % 3 == 0)
                    db.Add(CaptureWorld.NewOrder(1));
                else
                    (await db.Lines.OrderBy(l => l.Id).Skip(i % 11).FirstAsync()).Quantity = 100 + i;
                await db.SaveChangesAsync();
            }
        });
        await DrainAsync(world, 5);
        await writes;
        await DrainAsync(world, 5);

        world.AssertCapturedEqualsRows();
        Assert.Equal(world.Number("SELECT max(revision) FROM statecast_head"), world.Outbox().Max(r => r.Revision));
    }

    [Fact]
    public async Task Predicate_that_changed_walks_the_heads_first()
    {
        using var world = await CaptureWorld.CreateAsync();
        await DrainAsync(world, 10);
        world.Save(db =>
        {
            var orders = Enumerable.Range(0, 4).Select(_ => CaptureWorld.NewOrder()).ToList();
            orders[0].Status = "draft";
            db.AddRange(orders);
            return orders;
        });
        // The same database under a new predicate, as after a deployment.
        var draft = Guid.Parse(world.Outbox().Single(r => r.Body!.Contains("draft", StringComparison.Ordinal)).Key);
        await using var next = await NextVersion.OfAsync(
            world,
            db => db.Publish<Order, OrderState>(OrderState.From).Except(o => o.Tags).Where(o => o.Status != "draft")
        );
        await next.Source.RequestRepublishAsync([RepublishRequest.All("test.order", "the predicate changed")], CancellationToken.None);
        await DrainAsync(next.Source, 10);

        var last = world.Outbox().Skip(4).ToDictionary(r => r.Key, r => $"{r.Operation}{r.Revision}");
        Assert.Equal("Delete2", last[draft.ToString()]);
        Assert.Equal(3, last.Values.Count(v => v == "Snapshot1"));
    }

    [Fact]
    public async Task Row_that_cannot_be_published_is_withheld_and_the_rest_goes_on()
    {
        using var world = await CaptureWorld.CreateAsync(o =>
        {
            o.Prepare = false;
            o.Publish = db =>
                db.Publish<Order, OrderState>(x => x.Status == "bad" ? throw new InvalidOperationException("planted") : OrderState.From(x))
                    .IgnoreFilters()
                    .ReadsAlso(x => x.Tags);
        });
        FillPlain(world, 10);
        world.Sql("UPDATE Orders SET Status = 'bad' WHERE rowid = 3");
        await world.Source.PrepareAsync(CancellationToken.None);
        await DrainAsync(world, 4);

        Assert.Equal(9, world.Outbox().Count);
        // Said to have ended, every replica would take the tenth's absence for known.
        Assert.Equal(0, Ended(world));
        Assert.Equal(new(0, 0, 1), await world.Source.CountRepublishAsync(CancellationToken.None));

        world.Sql("UPDATE Orders SET Status = 'mended' WHERE rowid = 3");
        world.Clock.Advance(TimeSpan.FromSeconds(31));
        await DrainAsync(world, 4);
        Assert.Equal(10, world.Outbox().Count);
        Assert.Equal(1, Ended(world));
        Assert.Equal(new(0, 0, 0), await world.Source.CountRepublishAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Saves_go_on_while_the_states_of_an_answer_are_read_and_what_they_change_is_read_again()
    {
        using var world = await CaptureWorld.CreateAsync();
        await DrainAsync(world, 10);
        var ids = SaveOrders(world, 5);
        var (carrier, lane) = (world.Outbox()[^1].Carrier, new LaneId(world.Outbox()[^1].Destination, world.Outbox()[^1].Lane));
        var run = new SnapshotRun(carrier, lane, "queue", Guid.NewGuid());
        var before = world.Number("SELECT max(sequence) FROM statecast_outbox");
        await world.Source.RequestRepublishAsync([run.Request("test.order", BucketRange.All, "test")], CancellationToken.None);
        var concerned = ids.Where(i => run.Concerns(i.ToString(), 8)).Select(i => i.ToString()).Order(StringComparer.Ordinal).ToList();
        var changed = Guid.Parse(concerned[0]);
        var looks = 0;
        world.Store.OnLook = () =>
        {
            // Another writer at once, who would be refused if the look held the lock.
            if (looks++ == 0)
                world.Save(db => db.Orders.Single(o => o.Id == changed).Status = "changed meanwhile");
            world.Store.Locked.Clear();
        };
        await DrainAsync(world, 10);

        Assert.True(looks > 0);
        var said = world.Outbox(before).Where(r => r.Destination == run.Lane.Destination).ToList();
        Assert.Equal(concerned, said.Skip(1).SkipLast(1).Select(r => r.Key).Order(StringComparer.Ordinal));
        foreach (var row in said.Skip(1).SkipLast(1))
        {
            Assert.Equal((StateOperation.Snapshot, row.Key == concerned[0] ? 2 : 1), (row.Operation, row.Revision));
            Assert.Equal(row.Key == concerned[0], row.Body!.Contains("changed meanwhile", StringComparison.Ordinal));
        }
        // The walk shows the heads, in the look and under the lock; by itself only what has changed is locked, to be read.
        Assert.Equal([$"test.order/{concerned[0]}"], world.Store.Locked);
    }

    [Fact]
    public async Task Request_for_a_stranger_is_refused()
    {
        using var world = await CaptureWorld.CreateAsync();
        var error = await Assert.ThrowsAsync<SourceException>(async () =>
            await world.Source.RequestRepublishAsync([RepublishRequest.All("no.such", "test")], CancellationToken.None)
        );
        Assert.Contains("no.such", error.Message);
    }

    [Fact]
    public async Task Key_that_is_no_key_is_passed_over()
    {
        using var world = await CaptureWorld.CreateAsync();
        await DrainAsync(world, 10);
        await world.Source.RequestRepublishAsync([new("test.order", "not-a-guid", 0, 4095, null, "test")], CancellationToken.None);
        await DrainAsync(world, 10);

        Assert.Empty(world.Outbox());
        Assert.Equal(0, world.Number("SELECT count(*) FROM statecast_republish"));
    }

    internal static async Task DrainAsync(CaptureWorld world, int chunk) => await DrainAsync(world.Source, chunk);

    internal static async Task DrainAsync(IStateSource source, int chunk)
    {
        while ((await source.RepublishChunkAsync(chunk, CancellationToken.None)).Worked) { }
    }

    private static List<Guid> SaveOrders(CaptureWorld world, int count) =>
        world.Save(db =>
        {
            var orders = Enumerable.Range(0, count).Select(_ => CaptureWorld.NewOrder()).ToList();
            db.AddRange(orders);
            return orders.ConvertAll(o => o.Id);
        });

    private static long Ended(CaptureWorld world) => world.Number("SELECT count(*) FROM statecast_publication WHERE first_republish_ended");

    private static void FillPlain(CaptureWorld world, int orders)
    {
        using var db = world.Plain();
        for (var i = 0; i < orders; i++)
            db.Add(CaptureWorld.NewOrder(i % 3));
        db.SaveChanges();
    }
}
