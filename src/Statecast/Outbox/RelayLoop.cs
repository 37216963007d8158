using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Statecast.Hosting;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>What a relay's driver needs of its surroundings.</summary>
/// <param name="Time">The clock.</param>
/// <param name="Entropy">The randomness.</param>
/// <param name="Logger">Where changes are told.</param>
internal sealed record RelaySurroundings(TimeProvider Time, IEntropy Entropy, ILogger Logger);

/// <summary>What a relay can be asked from any thread.</summary>
/// <param name="Phase">Where it stands.</param>
/// <param name="Epoch">The source's epoch, while the lease is held; 0 before.</param>
/// <param name="Counters">Promise 6 so far.</param>
/// <param name="InHand">Rows in hand.</param>
/// <param name="Backlog">What waits in the outbox.</param>
/// <param name="LastStep">When the loop last did a step: at least once a heartbeat interval while it lives.</param>
internal sealed record RelayStatus(
    RelayPhase Phase,
    long Epoch,
    RelayCounters Counters,
    long InHand,
    RelayBacklog Backlog,
    DateTimeOffset LastStep
)
{
    /// <summary>Why the carrier cannot be opened; null once it was.</summary>
    public string? Failure { get; init; }
}

/// <summary>
/// Drives a <see cref="RelayMachine"/> over a store and a carrier. All decisions are the machine's; here are only threads, deadlines and exceptions.
/// </summary>
/// <param name="shard">What this relay is responsible for.</param>
/// <param name="options">Its settings.</param>
/// <param name="store">The relay's view of the database; not disposed here.</param>
/// <param name="openSender">Opens the sending side; tried again until it succeeds. The loop disposes what it opened.</param>
/// <param name="surroundings">Clock, randomness, log.</param>
internal sealed class RelayLoop(
    RelayShard shard,
    RelayOptions options,
    IOutboxStore store,
    Func<CancellationToken, ValueTask<ITransportSender>> openSender,
    RelaySurroundings surroundings
) : ISupervisedLoop
{
    private static readonly TimeSpan GiveBackWithin = TimeSpan.FromSeconds(1);
    private readonly TimeProvider _time = surroundings.Time;
    private readonly RelayLog _log = new(surroundings.Logger, shard);

    private RelayStatus _status = new(RelayPhase.New, 0, default, 0, default, surroundings.Time.GetUtcNow());

    /// <summary>The relay's decisions; only tests replace them.</summary>
    public RelayRules Rules { get; init; } = RelayRules.Protocol;

    public string Name => $"relay {shard.Source}/{shard.Name}";

    /// <summary>When the loop last did a step.</summary>
    public DateTimeOffset LastBeat => Status.LastStep;

    /// <summary>The newest status.</summary>
    public RelayStatus Status => Volatile.Read(ref _status);

    /// <summary>
    /// Runs until the token is cancelled; then claims nothing more, waits for sends under way up to <see cref="RelayOptions.DrainTimeout"/> and gives the lease back;
    /// with sends still under way only on a carrier that appends by the guard.
    /// Failures of store and carrier are retried for ever; an exception that comes out is a defect, and the caller starts a new loop.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var abort = new CancellationTokenSource();
        if (await OpenSenderAsync(stop).ConfigureAwait(false) is not { } sender)
            return;
        var mailbox = Channel.CreateUnbounded<RelayInput>(new() { SingleReader = true });
        await using (sender.ConfigureAwait(false))
        {
            var commands = new RelayCommands(store, sender, options, _time, mailbox.Writer, abort.Token);
            try
            {
                await RunAsync(new(shard, options, Rules, surroundings.Entropy), mailbox, commands, stop).ConfigureAwait(false);
            }
            finally
            {
                await abort.CancelAsync().ConfigureAwait(false);
                await commands.EndAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task RunAsync(RelayMachine machine, Channel<RelayInput> mailbox, RelayCommands commands, CancellationToken stop)
    {
        var began = _time.GetTimestamp();
        // Not disposed before the loop ends: a late tick only meets a mailbox that nobody reads.
        await using var timer = _time.CreateTimer(
            static state => ((ChannelWriter<RelayInput>)state!).TryWrite(new RelayInput.Tick()),
            mailbox.Writer,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        await using var stopping = stop.Register(
            static state => ((ChannelWriter<RelayInput>)state!).TryWrite(new RelayInput.StopRequested()),
            mailbox.Writer
        );
        TimeSpan? drainUntil = null;
        var drained = false;
        RelayInput? input = new RelayInput.Started();
        while (true)
        {
            RelayCommand.WaitUntil? wait = null;
            do
            {
                var now = _time.GetElapsedTime(began);
                if (input is RelayInput.StopRequested)
                    drainUntil = now + options.DrainTimeout;
                foreach (var command in machine.Step(now, input))
                    if (command is RelayCommand.WaitUntil waiting)
                        wait = waiting;
                    else if (command is RelayCommand.Notice notice)
                        _log.Write(notice);
                    else
                        commands.Execute(command);
            } while (mailbox.Reader.TryRead(out input));
            Publish(machine);
            if (machine.Phase == RelayPhase.Stopped)
                return;
            var at = _time.GetElapsedTime(began);
            if (drainUntil <= at)
            {
                if (drained)
                    return;
                _log.DrainTimedOut(machine.InHand);
                // Left behind, but not with the lease: a successor would wait for it to run out.
                (drained, drainUntil, input) = (true, at + GiveBackWithin, new RelayInput.DrainEnded());
                continue;
            }
            var delay = Later(wait!.Until < drainUntil || drainUntil is null ? wait.Until : drainUntil.Value, at);
            timer.Change(delay, Timeout.InfiniteTimeSpan);
            if (wait.StoreIdle && drainUntil is null)
                commands.Listen(delay);
            input = await mailbox.Reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static TimeSpan Later(TimeSpan until, TimeSpan now) => until - now is { Ticks: > 0 } rest ? rest : TimeSpan.FromMilliseconds(1);

    private async Task<ITransportSender?> OpenSenderAsync(CancellationToken stop)
    {
        var backoff = new Backoff(surroundings.Entropy, options.BackoffBase, options.BackoffCap);
        for (var failures = 0; ; )
            try
            {
                var sender = await openSender(stop).ConfigureAwait(false);
                if (failures > 0)
                    _log.CarrierOpened();
                return sender;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception e)
            {
                if (++failures == 1)
                    _log.CarrierFailing(e);
                Volatile.Write(ref _status, _status with { LastStep = _time.GetUtcNow(), Failure = e.Message });
                try
                {
                    await Task.Delay(backoff.Next(), _time, stop).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    return null;
                }
            }
    }

    private void Publish(RelayMachine machine) =>
        Volatile.Write(
            ref _status,
            new(machine.Phase, machine.Epoch, machine.Counters, machine.InHand, machine.Backlog, _time.GetUtcNow())
        );
}
