namespace Statecast.Sqlite;

/// <summary>Settings of the SQLite log. Configuration section <c>Statecast:SqliteLog</c>, over <c>Statecast:Sqlite</c>.</summary>
public sealed class SqliteLogOptions : SqliteOptions
{
    /// <summary>The log's directory: one file per source, named after it. Made with mode 0700 if it is not there. Required.</summary>
    public string Directory { get; set; } = "";

    /// <summary>How often a target looks whether a file changed, should a wake be lost. Default 50 milliseconds; 1 millisecond to 1 minute.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The most bytes of bodies in one delivery; a single larger event still comes alone. The target's own cap holds besides. Default 48 MB; at least 1.</summary>
    public long MaxDeliveryBytes { get; set; } = 48 << 20;

    internal override string? FindProblem()
    {
        if (string.IsNullOrWhiteSpace(Directory))
            return "Directory is not set: name the folder that source and targets share, as in UseSqliteLog(\"./log\").";
        if (PollInterval < TimeSpan.FromMilliseconds(1) || PollInterval > TimeSpan.FromMinutes(1))
            return $"PollInterval is {PollInterval}; it must lie between 1 millisecond and 1 minute.";
        return MaxDeliveryBytes < 1 ? $"MaxDeliveryBytes is {MaxDeliveryBytes}; it must be at least 1." : base.FindProblem();
    }
}
