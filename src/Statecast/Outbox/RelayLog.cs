using Microsoft.Extensions.Logging;

namespace Statecast.Outbox;

/// <summary>The relay's log lines: one per change of state. Event ids 2000 to 2099; they are stable.</summary>
internal sealed partial class RelayLog(ILogger logger, RelayShard shard)
{
    /// <summary>Writes a notice of the machine.</summary>
    public void Write(RelayCommand.Notice notice)
    {
        switch (notice.Kind)
        {
            case RelayNotice.LeaseAcquired:
                LeaseAcquired(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.StandingBy:
                StandingBy(shard.Source, notice.Subject);
                break;
            case RelayNotice.TakeOverWait:
                TakeOverWait(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.LeaseLost:
                LeaseLost(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.LeaseReleased:
                LeaseReleased(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.StoreFailing:
                StoreFailing(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.StoreRecovered:
                StoreRecovered(shard.Source, notice.Subject);
                break;
            case RelayNotice.LaneBlocked:
                LaneBlocked(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.LaneRecovered:
                LaneRecovered(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.EventRefused:
                EventRefused(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.HeartbeatFailing:
                HeartbeatFailing(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.HeartbeatRecovered:
                HeartbeatRecovered(shard.Source, notice.Subject);
                break;
            case RelayNotice.ForeignRecord:
                ForeignRecord(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.LogMadeAnew:
                LogMadeAnew(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.UnknownLane:
                UnknownLane(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.LookFailing:
                LookFailing(shard.Source, notice.Subject, notice.Detail);
                break;
            case RelayNotice.LookRecovered:
                LookRecovered(shard.Source, notice.Subject);
                break;
            case RelayNotice.WentBack:
                WentBack(shard.Source, notice.Subject, notice.Detail);
                break;
            default:
                throw new InvalidOperationException($"The notice {notice.Kind} has no log line.");
        }
    }

    /// <summary>The carrier cannot be opened yet.</summary>
    public void CarrierFailing(Exception exception) => CarrierFailing(shard.Source, shard.Name, exception);

    /// <summary>The carrier was opened after failures.</summary>
    public void CarrierOpened() => CarrierOpened(shard.Source, shard.Name);

    /// <summary>The drain took too long.</summary>
    public void DrainTimedOut(long inHand) => DrainTimedOut(shard.Source, shard.Name, inHand);

    [LoggerMessage(2000, LogLevel.Information, "Relay {Source}/{Shard}: holds the lease ({Detail})")]
    private partial void LeaseAcquired(string source, string shard, string detail);

    [LoggerMessage(2001, LogLevel.Information, "Relay {Source}/{Shard}: stands by, another relay holds the lease")]
    private partial void StandingBy(string source, string shard);

    [LoggerMessage(2002, LogLevel.Information, "Relay {Source}/{Shard}: takes over, waits {Detail}")]
    private partial void TakeOverWait(string source, string shard, string detail);

    [LoggerMessage(2003, LogLevel.Warning, "Relay {Source}/{Shard}: lost its lease: {Detail}")]
    private partial void LeaseLost(string source, string shard, string detail);

    [LoggerMessage(2004, LogLevel.Information, "Relay {Source}/{Shard}: {Detail}")]
    private partial void LeaseReleased(string source, string shard, string detail);

    [LoggerMessage(2010, LogLevel.Warning, "Relay {Source}/{Shard}: the database fails, retrying: {Detail}")]
    private partial void StoreFailing(string source, string shard, string detail);

    [LoggerMessage(2011, LogLevel.Information, "Relay {Source}/{Shard}: the database answers again")]
    private partial void StoreRecovered(string source, string shard);

    [LoggerMessage(2020, LogLevel.Warning, "Relay {Source}: lane {Lane} is not taken, retrying: {Detail}")]
    private partial void LaneBlocked(string source, string lane, string detail);

    [LoggerMessage(2021, LogLevel.Information, "Relay {Source}: lane {Lane} is taken again {Detail}")]
    private partial void LaneRecovered(string source, string lane, string detail);

    [LoggerMessage(
        2022,
        LogLevel.Error,
        "Relay {Source}: the carrier refuses one event again and again, its key waits: {Subject}: {Detail}"
    )]
    private partial void EventRefused(string source, string subject, string detail);

    [LoggerMessage(2023, LogLevel.Error, "Relay {Source}: lane {Lane} is not configured: {Detail}")]
    private partial void UnknownLane(string source, string lane, string detail);

    [LoggerMessage(2030, LogLevel.Warning, "Relay {Source}/{Shard}: heartbeats fail, targets will say 'unknown': {Detail}")]
    private partial void HeartbeatFailing(string source, string shard, string detail);

    [LoggerMessage(2031, LogLevel.Information, "Relay {Source}/{Shard}: heartbeats are said again")]
    private partial void HeartbeatRecovered(string source, string shard);

    [LoggerMessage(2032, LogLevel.Warning, "Relay {Source}: lane {Lane}: {Detail}")]
    private partial void ForeignRecord(string source, string lane, string detail);

    [LoggerMessage(2033, LogLevel.Warning, "Relay {Source}: destination {Destination}: {Detail}")]
    private partial void LogMadeAnew(string source, string destination, string detail);

    [LoggerMessage(
        2034,
        LogLevel.Warning,
        "Relay {Source}/{Shard}: the carrier cannot tell what it remembers of this source, nothing is sent before it can, retrying: {Detail}"
    )]
    private partial void LookFailing(string source, string shard, string detail);

    [LoggerMessage(2035, LogLevel.Information, "Relay {Source}/{Shard}: the carrier tells again what it remembers")]
    private partial void LookRecovered(string source, string shard);

    [LoggerMessage(
        2036,
        LogLevel.Error,
        "Relay {Source}/{Shard}: the source's database went back: {Detail}. It takes a new epoch and says everything again; what was written after the copy is lost, and targets report the keys"
    )]
    private partial void WentBack(string source, string shard, string detail);

    [LoggerMessage(2040, LogLevel.Warning, "Relay {Source}/{Shard}: the carrier cannot be opened, retrying")]
    private partial void CarrierFailing(string source, string shard, Exception exception);

    [LoggerMessage(2041, LogLevel.Information, "Relay {Source}/{Shard}: the carrier is open")]
    private partial void CarrierOpened(string source, string shard);

    [LoggerMessage(2042, LogLevel.Warning, "Relay {Source}/{Shard}: the drain took too long; {InHand} events are left to the next holder")]
    private partial void DrainTimedOut(string source, string shard, long inHand);
}
