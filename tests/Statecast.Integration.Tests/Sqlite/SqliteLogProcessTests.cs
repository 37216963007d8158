using System.Globalization;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Sqlite;
using Statecast.Sqlite.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>A log between processes: wakes, and a source that is killed.</summary>
public sealed class SqliteLogProcessTests : IDisposable
{
    private static readonly TimeSpan Never = TimeSpan.FromMinutes(1);
    private readonly TempDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Log => _directory.File("log");

    [Fact]
    public async Task Target_is_woken_without_looking()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Targets on Windows only look.");
        await using var target = await Target(Never);
        var opening = target.UntilTail(4, Ct);
        await using var sender = await Create(Never).OpenSenderAsync(Options(Source), Ct);
        await opening;
        for (var i = 1; i <= 20; i++)
        {
            var arriving = target.Until(t => t.Events.Any(e => e.Revision.Number == i), Ct);
            await sender.SendAsync([Upsert("a", i)], Ct);
            await arriving;
        }
        var hearing = target.Until(t => t.Words.Count == 1, Ct);
        await sender.SendHeartbeatAsync(Word([], Time), Ct);
        await hearing;
    }

    [Fact]
    public async Task Lost_wakes_cost_a_look_only()
    {
        await using var target = await Target(TimeSpan.FromMilliseconds(20));
        foreach (var socket in Sockets())
            File.Delete(socket);
        await using var sender = await Create(Never).OpenSenderAsync(Options(Source), Ct);
        await target.UntilTail(4, Ct);
        await sender.SendAsync([Upsert("a", 1)], Ct);
        await target.Until(t => t.Received.Count == 1, Ct);
    }

    [Fact]
    public async Task Sockets_of_dead_targets_are_cleaned_up()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Targets on Windows only look.");
        await using var sender = await Create(Never).OpenSenderAsync(Options(Source), Ct);
        await using (var target = await Target(Never))
            Assert.Single(Sockets());
        Assert.Empty(Sockets());

        var marker = _directory.File("listening");
        using (var child = ChildProcess.Start(typeof(SqliteLogProcessTests), nameof(Listen_until_killed), ("LOG", Log), ("MARKER", marker)))
            await child.Until(() => File.Exists(marker), Ct);
        Assert.Single(Sockets());
        await sender.SendAsync([Upsert("a", 1)], Ct);
        Assert.Empty(Sockets());
        await using var late = await Target(Never);
        await late.UntilTail(4, Ct);
    }

    [Fact]
    public async Task Killed_source_has_kept_what_it_confirmed_and_goes_on()
    {
        var confirmed = _directory.File("confirmed");
        await using var target = await Target(TimeSpan.FromMilliseconds(20));
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var following = Follow(target, reading.Token);
        var last = 0L;
        for (var round = 0; round < 3; round++)
        {
            using var source = ChildProcess.Start(
                typeof(SqliteLogProcessTests),
                nameof(Send_until_killed),
                ("LOG", Log),
                ("CONFIRMED", confirmed),
                ("FROM", (last + 1).ToString(CultureInfo.InvariantCulture))
            );
            var before = last;
            await source.Until(() => Confirmed(confirmed) > before + 50, Ct);
            source.Kill();
            last = Confirmed(confirmed);

            await using var late = await Target(TimeSpan.FromMilliseconds(20));
            await late.UntilTail(4, Ct);
            Assert.All(late.Events, e => Assert.True(e.Revision.Number >= last - 9));
            Assert.Equal(10, late.Received.Count);
            Assert.True(late.Events.Max(e => e.Revision.Number) >= last);
        }
        await using var sender = await Create(Never).OpenSenderAsync(Options(Source), Ct);
        await sender.SendAsync([Upsert("end", 1)], Ct);
        await following;
        Assert.Single(target.Deliveries.SelectMany(d => d.Opened).Select(o => o.Incarnation).Distinct());
        foreach (var key in target.Events.GroupBy(e => e.Key))
            Assert.Equal(key.Select(e => e.Revision.Number).Order().Distinct(), key.Select(e => e.Revision.Number));
    }

    [Fact(Explicit = true)]
    public async Task Listen_until_killed()
    {
        await using var target = new ProbeTarget(
            await new SqliteLogTransport(new SqliteLogOptions { Directory = ChildProcess.Told("LOG") }).OpenReceiverAsync(
                new("child", null, ProbeContracts.Item),
                Ct
            )
        );
        await target.UntilTail(4, Ct);
        await File.WriteAllTextAsync(ChildProcess.Told("MARKER"), "listening", Ct);
        await Task.Delay(TimeSpan.FromMinutes(2), Ct);
    }

    [Fact(Explicit = true)]
    public async Task Send_until_killed()
    {
        var transport = new SqliteLogTransport(new SqliteLogOptions { Directory = ChildProcess.Told("LOG") });
        await using var sender = await transport.OpenSenderAsync(Options(Source), Ct);
        for (var revision = long.Parse(ChildProcess.Told("FROM"), CultureInfo.InvariantCulture); ; revision++)
        {
            var outcome = (await sender.SendAsync([Upsert($"k{revision % 10}", revision)], Ct))[0];
            Assert.True(outcome.Result is SendResult.Confirmed or SendResult.Refused);
            await File.WriteAllTextAsync(ChildProcess.Told("CONFIRMED") + ".new", revision.ToString(CultureInfo.InvariantCulture), Ct);
            File.Move(ChildProcess.Told("CONFIRMED") + ".new", ChildProcess.Told("CONFIRMED"), overwrite: true);
        }
    }

    public void Dispose() => _directory.Dispose();

    private static SenderOptions Options(string source) => new(source, [new(ProbeContracts.Item, 4, "json")]);

    private static long Confirmed(string path) => File.Exists(path) ? long.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture) : 0;

    private static async Task Follow(ProbeTarget target, CancellationToken ct)
    {
        while (target.Events.All(e => e.Key != "end"))
            await target.Step(100, ct);
    }

    private IEnumerable<string> Sockets() =>
        SqliteLogWakes.DirectoryOf(Path.GetFullPath(Log)) is { } directory ? Directory.GetFiles(directory, "*.sock") : [];

    private SqliteLogTransport Create(TimeSpan poll) => new(new SqliteLogOptions { Directory = Log, PollInterval = poll });

    private async Task<ProbeTarget> Target(TimeSpan poll) =>
        new(await Create(poll).OpenReceiverAsync(new("target", null, ProbeContracts.Item), Ct));
}
