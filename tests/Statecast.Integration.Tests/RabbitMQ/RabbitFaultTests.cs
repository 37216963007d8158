using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Statecast.Consuming;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Sqlite;
using Statecast.RabbitMQ.Transport;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>What befalls a source and its target over a broker that goes on: each fault in rounds, asserted, and every promise held afterwards.</summary>
[Collection(RabbitCollection.Name)]
public sealed class RabbitFaultTests(RabbitFixture rabbit)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deleted_queue_is_followed_by_a_new_bootstrap()
    {
        await using var pair = await RabbitPair.StartAsync(await rabbit.PlaceAsync());
        await FaultRounds.RunAsync(
            "RabbitMQ: a target's queue deleted under load",
            gate: 5,
            async () =>
            {
                await pair.WriteAsync(60);
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                var before = pair.Base!.Value;
                await pair.UnderLoadAsync(async () =>
                {
                    await pair.Place.DeleteQueueAsync(RabbitPair.Queue);
                    await pair.UntilAsync(() => pair.Base is { } now && now.CompareTo(before) > 0);
                });
                await pair.RequireAsync();
            }
        );
    }

    [Fact]
    public async Task Deleted_exchange_loses_nothing_that_is_not_asked_for()
    {
        await using var pair = await RabbitPair.StartAsync(await rabbit.PlaceAsync());
        await FaultRounds.RunAsync(
            "RabbitMQ: the exchange deleted under load",
            gate: 5,
            async () =>
            {
                await pair.WriteAsync(60);
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                var (before, lost, met) = (pair.Base!.Value, pair.Sent.Unrouted, Met());
                await pair.UnderLoadAsync(async () =>
                {
                    await pair.Place.DeleteExchangeAsync(RabbitNotes.Destination);
                    await pair.UntilAsync(() => Met() > met);
                    var confirmed = pair.Sent.Confirmed;
                    await pair.UntilAsync(() => pair.Sent.Confirmed > confirmed + 20);
                    // What stayed at the source until the target had bound again is not lost, and nothing need be asked for.
                    if (pair.Sent.Unrouted > lost)
                        await pair.UntilAsync(() => pair.Base is { } now && now.CompareTo(before) > 0);
                });
                await pair.RequireAsync();
            }
        );

        // Sends that found no exchange, or no queue behind it.
        long Met() => pair.Sent.Failed + pair.Sent.Unknown + pair.Sent.Unrouted;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Messages_without_a_queue_are_said_or_asked_for(int lanes)
    {
        await using var pair = await RabbitPair.StartAsync(
            await rabbit.PlaceAsync(),
            // Long enough for messages to find it gone.
            o => o.TopologyLookInterval = TimeSpan.FromSeconds(1),
            lanes
        );
        await FaultRounds.RunAsync(
            lanes == 1
                ? "RabbitMQ: messages that no queue takes, under load"
                : "RabbitMQ: messages of one of two lanes that no queue takes, under load",
            gate: 5,
            async () =>
            {
                await pair.WriteAsync(60);
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                var (failed, unrouted) = (pair.Sent.Failed, pair.Sent.Unrouted);
                await pair.UnderLoadAsync(async () =>
                {
                    await using var connection = await pair.Place.ConnectAsync();
                    await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
                    // A look of the target may bind it again before anything was sent.
                    await pair.UntilAsync(async () =>
                    {
                        await channel.QueueUnbindAsync(
                            $"{RabbitNotes.Destination}.reader.{lanes - 1}",
                            RabbitNotes.Destination,
                            $"{lanes - 1}",
                            cancellationToken: Ct
                        );
                        for (var i = 0; i < 20 && !IsMet(); i++)
                            await Task.Delay(20, Ct);
                        return IsMet();
                    });

                    bool IsMet() => lanes == 1 ? pair.Sent.Unrouted > unrouted : pair.Sent.Failed > failed;
                });
                await pair.RequireAsync();
                if (lanes == 1)
                    return;
                Assert.Contains("no queue", pair.Sent.Reason, StringComparison.Ordinal);
                Assert.Equal(unrouted, pair.Sent.Unrouted);
            }
        );
    }

    [Fact]
    public async Task Storms_of_refusals_lose_nothing_and_keep_the_order()
    {
        const string Policy = "narrow";
        // Little is sent ahead, so that the queue is full time and again.
        await using var pair = await RabbitPair.StartAsync(await rabbit.PlaceAsync(), o => o.Prefetch = 10);
        await FaultRounds.RunAsync(
            "RabbitMQ: a storm of refusals by a full queue",
            gate: 20,
            async () =>
            {
                var failed = pair.Sent.Failed;
                await pair.UnderLoadAsync(async () =>
                {
                    await pair.UntilAsync(async () =>
                    {
                        await pair.Place.LimitQueueAsync(Policy, RabbitPair.Queue, length: 5);
                        await pair.WriteManyAsync(300);
                        await Task.Delay(200, Ct);
                        await pair.Place.UnlimitQueueAsync(Policy);
                        return pair.Sent.Failed - failed >= 1_000;
                    });
                });
                Assert.Contains("MaxQueueLength", pair.Sent.Reason, StringComparison.Ordinal);
                await pair.RequireAsync();
            }
        );
    }

    [Fact]
    public async Task Reader_that_is_cut_off_with_unacknowledged_messages_gets_them_again()
    {
        await using var pair = await RabbitPair.StartAsync(await rabbit.PlaceAsync());
        await FaultRounds.RunAsync(
            "RabbitMQ: a reader's connection cut with unacknowledged messages",
            gate: 20,
            async () =>
            {
                await pair.WriteAsync(60);
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                long held;
                long before;
                await using (await pair.HoldTargetAsync())
                {
                    held = await WriteUnacknowledgedAsync(pair);
                    before = pair.Received.Received;
                    await pair.CutAsync();
                }
                await pair.UntilAsync(() => pair.Received.Received >= before + held);
                await pair.UnderLoadAsync(() => Task.Delay(300, Ct));
                await pair.RequireAsync();
            }
        );
    }

    [Fact]
    public async Task Reader_that_is_killed_with_unacknowledged_messages_is_followed_by_the_next()
    {
        await using var pair = await RabbitPair.StartAsync(await rabbit.PlaceAsync());
        await pair.WriteAsync(60);
        await FaultRounds.RunAsync(
            "RabbitMQ: a reader killed (SIGKILL) with unacknowledged messages, another takes over",
            gate: 20,
            async () =>
            {
                await pair.RemoveAsync(pair.Target);
                var reads = pair.Shop.File("reads");
                File.Delete(reads);
                using var reader = ChildProcess.Start(
                    GetType(),
                    nameof(Read_until_killed),
                    ("ADDRESS", pair.Place.Address),
                    ("FOLDER", pair.Shop.Folder)
                );
                await reader.Until(() => File.Exists(reads), Ct);
                await pair.StartAgainAsync();
                await pair.WriteAsync(60);
                await RabbitProbes.UntilAsync(async () => pair.Unsent == 0 && await pair.Place.CountAsync(RabbitPair.Queue) == 0);
                long held;
                await using (await pair.HoldTargetAsync())
                {
                    held = await WriteUnacknowledgedAsync(pair);
                    Assert.Equal(0, pair.Received.Received);
                    reader.Kill();
                }
                await pair.UntilAsync(() => pair.Received.Received >= held);
                await pair.UnderLoadAsync(() => Task.Delay(300, Ct));
                await pair.RequireAsync();
            }
        );
    }

    [Fact(Explicit = true)]
    public async Task Read_until_killed()
    {
        using var notes = new RabbitNotes(ChildProcess.Told("ADDRESS"), folder: ChildProcess.Told("FOLDER"));
        using var target = await notes.Shop.StartTargetAsync<NoteState>();
        await RabbitNotes.LiveAsync(target);
        await File.WriteAllTextAsync(notes.Shop.File("reads"), "", Ct);
        await Task.Delay(TimeSpan.FromMinutes(3), Ct);
    }

    [Fact]
    public async Task Reader_that_is_stopped_with_a_batch_in_flight_is_followed_by_the_next()
    {
        await using var pair = await RabbitPair.StartAsync(await rabbit.PlaceAsync());
        await FaultRounds.RunAsync(
            "RabbitMQ: a reader stopped with a batch in flight, another takes over",
            gate: 20,
            async () =>
            {
                await pair.WriteAsync(60);
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                var first = pair.Target;
                // It stands by.
                await pair.StartAgainAsync();
                Task stopping;
                long held;
                await using (await pair.HoldTargetAsync())
                {
                    held = await WriteUnacknowledgedAsync(pair);
                    await pair.UntilAsync(async () => await pair.Place.UnacknowledgedAsync(RabbitPair.Queue) >= held);
                    Assert.Equal(0, pair.Received.Received);
                    stopping = pair.RemoveAsync(first);
                    // It gives back what it could not store.
                    await pair.UntilAsync(async () => await pair.Place.CountAsync(RabbitPair.Queue) >= held);
                }
                await stopping;
                await pair.UntilAsync(() => pair.Received.Received >= held);
                await pair.UnderLoadAsync(() => Task.Delay(300, Ct));
                await pair.RequireAsync();
            }
        );
    }

    [Fact]
    public async Task Reader_whose_consumer_is_cancelled_keeps_the_older_messages_which_come_last()
    {
        await using var pair = await RabbitPair.StartAsync(await rabbit.PlaceAsync());
        await FaultRounds.RunAsync(
            "RabbitMQ: an active consumer cancelled with unacknowledged messages, which come after newer ones of their keys",
            gate: 20,
            async () =>
            {
                await pair.WriteAsync(60);
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                await pair.RemoveAsync(pair.Target);
                await using var connection = await pair.Place.ConnectAsync();
                var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
                var taken = 0;
                var consumer = new AsyncEventingBasicConsumer(channel);
                consumer.ReceivedAsync += (_, e) =>
                {
                    if (e.BasicProperties.Type != RabbitReceiver.HeartbeatType)
                        Interlocked.Increment(ref taken);
                    return Task.CompletedTask;
                };
                await channel.BasicQosAsync(0, 1_000, global: false, Ct);
                var tag = await channel.BasicConsumeAsync(RabbitPair.Queue, autoAck: false, consumer, Ct);
                var confirmed = pair.Sent.Confirmed;
                await pair.WriteAsync(50);
                await pair.UntilAsync(() => pair.Unsent == 0 && Volatile.Read(ref taken) >= pair.Sent.Confirmed - confirmed);
                // It is not given any more, and gives nothing back.
                await channel.BasicCancelAsync(tag, cancellationToken: Ct);
                var held = taken;
                Assert.InRange(held, 10, int.MaxValue);
                await pair.UntilAsync(async () => await pair.Place.UnacknowledgedAsync(RabbitPair.Queue) >= held);
                await pair.StartAgainAsync();
                // Every key has something newer at the target by then.
                await pair.WriteAsync(120);
                await pair.UntilAsync(() => pair.Unsent == 0 && pair.Received.Received > 0);
                await pair.UntilAsync(async () => await pair.Place.CountAsync(RabbitPair.Queue) == 0);
                await pair.UntilAsync(async () => await pair.Place.UnacknowledgedAsync(RabbitPair.Queue) >= held);
                var before = pair.Received.Received;
                await channel.CloseAsync(Ct);
                await pair.UntilAsync(() => pair.Received.Received >= before + held);
                await pair.UnderLoadAsync(() => Task.Delay(300, Ct));
                await pair.RequireAsync();
            }
        );
    }

    [Fact]
    public async Task Poison_delays_its_own_keys_alone()
    {
        const string Sick = "13";
        var handled = new ConcurrentDictionary<string, string?>();
        var heals = false;
        var refused = 0;
        await using var pair = await RabbitPair.StartAsync(
            await rabbit.PlaceAsync(),
            replica: r => r.On<Handler>(),
            services: s =>
                s.AddSingleton(
                    new Handling(change =>
                    {
                        if (change.Key == Sick && !heals)
                        {
                            Interlocked.Increment(ref refused);
                            throw new InvalidOperationException("It cannot be handled.");
                        }
                        handled[change.Key] = change.Current?.Text;
                    })
                )
        );
        var parked = pair.Target.Services.GetRequiredService<IStatecast>().Parked;
        await FaultRounds.RunAsync(
            "RabbitMQ: messages that nobody can read, and a handler that throws, under load",
            gate: 3,
            async () =>
            {
                (heals, refused) = (false, 0);
                handled.Clear();
                await pair.UnderLoadAsync(async () =>
                {
                    await SendPoisonAsync(pair.Place);
                    await pair.UntilAsync(() => RabbitNotes.Status(pair.Target) is { Parked: >= 3 } s && s.ParkedReason("105") is not null);
                    // The others are handled meanwhile.
                    await pair.UntilAsync(() => handled.Count >= 25 && refused > 0);
                });
                await RabbitProbes.UntilAsync(async () => await parked.StalledAsync(RabbitNotes.Destination, Ct).AnyAsync(Ct));
                Assert.Equal([Sick], await parked.StalledAsync(RabbitNotes.Destination, Ct).Select(s => s.Key).Distinct().ToListAsync(Ct));
                Assert.False(handled.ContainsKey(Sick));
                heals = true;
                await pair.WriteManyAsync(110);
                await NotesShop.IdleAsync(pair.Source, pair.Target);
                // What the source says of a key later frees it; what nobody can name stays until an operator drops it.
                Assert.Null(RabbitNotes.Status(pair.Target).ParkedReason("105"));
                Assert.True(await parked.DropAsync(RabbitNotes.Destination, ct: Ct) > 0);
                await pair.UntilAsync(() => RabbitNotes.Status(pair.Target).Parked == 0 && handled.ContainsKey(Sick));
                await pair.RequireAsync();
            }
        );
    }

    // All of it is taken from the queue, and none can be stored.
    private static async Task<long> WriteUnacknowledgedAsync(RabbitPair pair)
    {
        var before = pair.Sent.Confirmed;
        await pair.WriteAsync(50);
        await RabbitProbes.UntilAsync(async () => pair.Unsent == 0 && await pair.Place.CountAsync(RabbitPair.Queue) == 0);
        // Some were made one on their way out.
        var held = pair.Sent.Confirmed - before;
        Assert.InRange(held, 10, 50);
        return held;
    }

    // An outsider's: no JSON, an envelope without what it needs, a body of another shape, and nothing at all.
    private static async Task SendPoisonAsync(RabbitPlace place)
    {
        await using var connection = await place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        foreach (
            var body in (string[])
                [
                    "no JSON",
                    """{"specversion":"1.0","subject":"105"}""",
                    """{"specversion":"1.0","subject":"106","datacontenttype":"text/plain","data":"x"}""",
                    "",
                ]
        )
            await channel.BasicPublishAsync(
                RabbitNotes.Destination,
                "0",
                mandatory: true,
                new BasicProperties { ContentType = "application/cloudevents+json" },
                Encoding.UTF8.GetBytes(body),
                Ct
            );
    }

    private sealed record Handling(Action<StateChange<NoteState>> Do);

    private sealed class Handler(Handling handling) : IStateHandler<NoteState>
    {
        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct)
        {
            handling.Do(change);
            return Task.CompletedTask;
        }
    }
}
