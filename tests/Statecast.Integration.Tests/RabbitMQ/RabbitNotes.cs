using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.RabbitMQ;
using Statecast.Replicas;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>The small shop over RabbitMQ.</summary>
/// <param name="address">The broker.</param>
/// <param name="configure">Changes the options.</param>
/// <param name="folder">Another process's folder; null for one of its own.</param>
internal sealed class RabbitNotes(string address, Action<RabbitMQOptions>? configure = null, string? folder = null) : IDisposable
{
    public const string Destination = "e2e.note.v1";

    public NotesShop Shop { get; } =
        new(folder)
        {
            HeartbeatInterval = "00:00:00.200",
            LeaseDuration = "00:00:04",
            DeliveryTimeout = "00:00:02",
            Carrier = s =>
                s.UseRabbitMQ(
                        address,
                        o =>
                        {
                            o.TopologyLookInterval = TimeSpan.FromMilliseconds(300);
                            configure?.Invoke(o);
                        }
                    )
                    .UseSqliteDatabase(),
        };

    /// <summary>Waits until everything is sent and applied and the replicas are Live, then holds them beside the source's own rows.</summary>
    public static async Task AssertEqualAsync(IHost source, params IHost[] targets)
    {
        foreach (var target in targets)
        {
            await LiveAsync(target);
            await NotesShop.IdleAsync(source, target);
            using var scope = source.Services.CreateScope();
            var rows = scope
                .ServiceProvider.GetRequiredService<NotesDb>()
                .Notes.OrderBy(n => n.Id)
                .Select(n => $"{n.Id} {n.Text}")
                .ToList();
            var replica = await target
                .Services.GetRequiredService<IReplica<int, NoteState>>()
                .EnumerateAsync()
                .Select(e => $"{e.Key} {e.Value.Text}")
                .ToListAsync();
            Assert.Equal(rows, replica.OrderBy(r => int.Parse(r.Split(' ')[0], null)));
        }
    }

    public static async Task LiveAsync(IHost target)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (Status(target).State != ReplicaState.Live)
            if (deadline.IsCancellationRequested)
                Assert.Fail($"The replica is not Live within 90 s: {Status(target).State}, {Status(target).Failure}");
            else
                await Task.Delay(10, CancellationToken.None);
    }

    public static ReplicaStatus Status(IHost target) => target.Services.GetRequiredService<IStatecast>().Replicas.Single();

    public void Dispose() => Shop.Dispose();
}
