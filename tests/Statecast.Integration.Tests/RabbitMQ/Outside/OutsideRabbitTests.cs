using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Replicas;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.RabbitMQ.Outside;

/// <summary>Programs that know nothing of this library: a plain client, and Debian's <c>python3-pika</c>. They read what is sent, and send what is read.</summary>
[Collection(RabbitCollection.Name)]
public sealed class OutsideRabbitTests(RabbitFixture rabbit) : IAsyncLifetime
{
    private const int Lanes = 3;
    private const string Interpreter = "/usr/bin/python3";
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "RabbitMQ", "Outside", "outside_rabbit.py");
    private static readonly Lazy<bool> HasPika = new(() =>
        File.Exists(Interpreter) && RunAsync(["-c", "import pika"], "").GetAwaiter().GetResult().Code == 0
    );
    private RabbitProbes? _probes;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Destination => RabbitProbes.Names.Destination;

    private RabbitProbes Probes => _probes!;

    public async ValueTask InitializeAsync() => _probes = new(await rabbit.PlaceAsync());

    public ValueTask DisposeAsync() => _probes?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Plain_client_reads_attributes_and_state_from_one_json_object()
    {
        var sender = await Probes.SenderAsync(Lanes);
        await using var connection = await Probes.Place.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        var queue = (await channel.QueueDeclareAsync(cancellationToken: Ct)).QueueName;
        for (var lane = 0; lane < Lanes; lane++)
            await channel.QueueBindAsync(queue, Destination, $"{lane}", cancellationToken: Ct);
        var sent = State("a%2Fb", 3, "größer — \"so\"");
        await sender.SendAsync([sent, Delete("gone", 4, Lanes)], Ct);

        var message = (await channel.BasicGetAsync(queue, autoAck: true, Ct))!;
        Assert.Equal("application/cloudevents+json; charset=utf-8", message.BasicProperties.ContentType);
        Assert.Equal(DeliveryModes.Persistent, message.BasicProperties.DeliveryMode);
        using var json = JsonDocument.Parse(message.Body);
        var attributes = json
            .RootElement.EnumerateObject()
            .Where(p => p.Name != "data")
            .ToDictionary(p => p.Name, p => p.Value.GetString());
        Assert.Equal(CloudEventAttributes.Of(sent, "application/json").ToDictionary(p => p.Key, p => (string?)p.Value), attributes);
        Assert.Equal(attributes["id"], message.BasicProperties.MessageId);
        Assert.Equal("größer — \"so\"", json.RootElement.GetProperty("data").GetProperty("value").GetString());

        using var deleted = JsonDocument.Parse((await channel.BasicGetAsync(queue, autoAck: true, Ct))!.Body);
        Assert.Equal("delete", deleted.RootElement.GetProperty("ecstop").GetString());
        Assert.False(deleted.RootElement.TryGetProperty("data", out _));
        Assert.False(deleted.RootElement.TryGetProperty("datacontenttype", out _));
    }

    [Fact]
    public async Task Python_makes_a_replica_from_the_json()
    {
        RequirePika();
        var sender = await Probes.SenderAsync(Lanes);
        await PythonAsync(["bind", Probes.Place.Address, Destination, $"{Lanes}", "python"]);
        var events = Enumerable.Range(1, 20).Select(i => State($"k{i}", 1, $"value {i} — \"ü\"")).ToList();
        events.Add(State("k2", 2, "changed"));
        events.Add(Delete("k3", 5, Lanes));
        events.Add(State("k4", 0, "late"));
        await sender.SendAsync(events, Ct);
        using var replica = JsonDocument.Parse(await PythonAsync(["read", Probes.Place.Address, "python", $"{events.Count}"]));
        Assert.Equal(20, replica.RootElement.EnumerateObject().Count());
        Assert.Equal("changed", replica.RootElement.GetProperty("k2").GetProperty("value").GetString());
        Assert.Equal(JsonValueKind.Null, replica.RootElement.GetProperty("k3").ValueKind);
        Assert.Equal("value 4 — \"ü\"", replica.RootElement.GetProperty("k4").GetProperty("value").GetString());
    }

    [Fact]
    public async Task Event_published_by_python_is_received_as_any_other()
    {
        RequirePika();
        await Probes.SenderAsync(Lanes);
        var target = await Probes.OpenTargetAsync(Lanes);
        object[] events =
        [
            new
            {
                source = "python",
                subject = "a%2Fb",
                ecstop = "upsert",
                // A number will do as well as a text.
                ecstepoch = 7,
                ecstrevision = "3",
                data = new { id = "a/b", value = "größer" },
            },
            new
            {
                source = "python",
                subject = "gone",
                ecstop = "delete",
                ecstepoch = "7",
                ecstrevision = "4",
            },
        ];
        await PythonAsync(["publish", Probes.Place.Address, Destination, $"{Lanes}"], Lines(events));
        await target.Until(t => t.Received.Count == 2, Ct);
        Assert.All(target.Received, r => Assert.Null(r.Defect));
        var state = target.Events.Single(e => e.Key == "a%2Fb");
        Assert.Equal(
            (new StateRevision(7, 3), StateOperation.Upsert, "python", LaneOf("a%2Fb", Lanes)),
            (state.Revision, state.Operation, state.Source, state.Lane)
        );
        using var body = JsonDocument.Parse(state.Body);
        Assert.Equal("größer", body.RootElement.GetProperty("value").GetString());
        Assert.True(target.Events.Single(e => e.Key == "gone").IsDelete);
    }

    [Fact]
    public async Task State_published_by_python_is_applied_to_a_replica()
    {
        RequirePika();
        using var notes = new RabbitNotes(Probes.Place.Address);
        const string Source = "python";
        string[] to = [Probes.Place.Address, RabbitNotes.Destination, "1"];
        var target = await notes.Shop.StartTargetAsync<NoteState>();
        var replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        var status = RabbitNotes.Status(target);
        try
        {
            await PythonAsync(["greet", .. to, Source]);
            // It asks once its queue is bound.
            await RabbitProbes.UntilAsync(async () => await Probes.Place.CountAsync($"{RabbitNotes.Destination}.requests") > 0);
            object[] live = [Note(1, 1, "first"), Note(1, 2, "größer — \"so\""), Note(1, 1, "late"), Note(2, 1, "gone"), Gone(2, 2)];
            await PythonAsync(["publish", .. to], Lines(live));
            await NotesShop.UntilAsync(() => status.Counters.Received == live.Length);
            // Of what comes in one batch a key's newest alone counts as applied.
            Assert.InRange(status.Counters.Applied, 2, 4);
            Assert.Equal((live.Length, 0, 1), (status.Counters.Applied + status.Counters.Superseded, status.Parked, status.Keys));
            Assert.Equal(new NoteState(1, "größer — \"so\""), await replica.GetAsync(1, options: ReadOptions.Partial, ct: Ct));
            // Events alone never make it Live: nobody has said that this is all, so what is absent is not known to be.
            Assert.Equal(ReplicaState.Bootstrapping, replica.State);
            await Assert.ThrowsAsync<ReplicaNotReadyException>(async () => await replica.GetAsync(1, ct: Ct));

            // The source's own word, and its answer to what the target asked: with a state that it never published.
            using var source = StartPython([Script, "serve", .. to, Source], out var error);
            await source.StandardInput.WriteAsync(Lines([Note(1, 2, "größer — \"so\""), Gone(2, 2), Note(3, 1, "never sent")]));
            source.StandardInput.Close();
            try
            {
                await NotesShop.UntilAsync(() => replica.State == ReplicaState.Live || source.HasExited);
                Assert.False(source.HasExited, source.HasExited ? await error : null);
                Assert.Equal("größer — \"so\"", (await replica.GetAsync(1, ct: Ct))?.Text);
                Assert.Null(await replica.GetAsync(2, ct: Ct));
                Assert.Equal("never sent", (await replica.GetAsync(3, ct: Ct))?.Text);
                await PythonAsync(["publish", .. to], Lines([Note(1, 3, "changed")]));
                await replica.WaitForAsync(new("e2e.note", "1", new(7, 3)), TimeSpan.FromSeconds(30), Ct);
                Assert.Equal("changed", (await replica.GetAsync(1, ct: Ct))?.Text);
                Assert.Equal(0, status.Parked);
            }
            finally
            {
                source.Kill();
            }
        }
        finally
        {
            await NotesShop.StopAsync(target);
        }

        static object Note(int id, int revision, string text) =>
            new
            {
                source = Source,
                subject = $"{id}",
                ecstop = "upsert",
                ecstepoch = "7",
                ecstrevision = $"{revision}",
                data = new { id, text },
            };

        static object Gone(int id, int revision) =>
            new
            {
                source = Source,
                subject = $"{id}",
                ecstop = "delete",
                ecstepoch = "7",
                ecstrevision = $"{revision}",
            };
    }

    private static string Lines(IEnumerable<object> events) => string.Join('\n', events.Select(e => JsonSerializer.Serialize(e)));

    private static StateEvent State(string key, long revision, string value) =>
        Upsert(key, revision, lanes: Lanes) with
        {
            Body = JsonSerializer.SerializeToUtf8Bytes(new { id = key, value }),
        };

    private static void RequirePika() =>
        Assert.SkipUnless(HasPika.Value, "Debian's python3-pika is not installed: run ./test as root, or apt-get install python3-pika.");

    private static async Task<string> PythonAsync(string[] arguments, string input = "")
    {
        var (code, output, error) = await RunAsync([Script, .. arguments], input);
        Assert.True(code == 0, $"{string.Join(' ', arguments)} ended with code {code}: {error}");
        return output;
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string[] arguments, string input)
    {
        using var process = StartPython(arguments, out var error);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }

    private static Process StartPython(string[] arguments, out Task<string> error)
    {
        var process = Process.Start(
            new ProcessStartInfo(Interpreter, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardInputEncoding = new UTF8Encoding(false),
                StandardOutputEncoding = Encoding.UTF8,
            }
        )!;
        error = process.StandardError.ReadToEndAsync();
        return process;
    }
}
