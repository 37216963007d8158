using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>Hands claimed rows to the carrier, in batches, while the lease outlives what is handed over; takes the outcomes.</summary>
internal sealed class RelaySends(RelayShard shard, RelayOptions options, RelayRules rules, RelayOutput output)
{
    /// <summary>Sends what may be sent now.</summary>
    public void Go(RelayTenure tenure, TimeSpan now)
    {
        var (lease, hand) = tenure;
        while (
            now >= lease.SendsFrom
            && rules.MaySend(new(now, lease.EndsAt, shard.Abilities, options.DeliveryTimeout))
            && hand.NextBatch(output.NextId, now) is { } rows
        )
            output.Give(id => new RelayCommand.Send(id, [.. rows.Select(r => r.Event)]));
    }

    /// <summary>A send ended; where an outcome is missing it is unknown.</summary>
    /// <returns>Whether rows are done.</returns>
    public bool Ended(long command, IReadOnlyList<SendOutcome> outcomes, RelayHand hand, TimeSpan now)
    {
        var done = hand.EndSend(command, outcomes, now);
        foreach (var (kind, subject, detail) in hand.TakeNotices())
            output.Notice(kind, subject, detail);
        return done;
    }

    /// <summary>Whether the lease may be given back now: nothing of ours may land afterwards, since the next holder would not wait for it.</summary>
    /// <param name="hand">What is in hand.</param>
    /// <param name="drained">Whether the outcome of what is under way is waited for no longer: a log that asks the guard does without.</param>
    /// <param name="now">The relay's time.</param>
    public bool AreSettled(RelayHand hand, bool drained, TimeSpan now) =>
        shard.Abilities.ConditionalAppend ? drained || hand.Window.Batches == 0 : hand.Window.Batches == 0 && now >= hand.UncertainUntil;
}
