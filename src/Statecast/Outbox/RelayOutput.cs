namespace Statecast.Outbox;

/// <summary>What one step says to do, in order. Every command that has an answer gets an id of its own, which is never used again.</summary>
internal sealed class RelayOutput
{
    private List<RelayCommand> _commands = [];
    private long _lastId;

    /// <summary>The id that the next command gets.</summary>
    public long NextId => _lastId + 1;

    /// <summary>Gives a command.</summary>
    /// <returns>Its id.</returns>
    public long Give(Func<long, RelayCommand> command)
    {
        var id = ++_lastId;
        _commands.Add(command(id));
        return id;
    }

    /// <summary>Tells people that something changed.</summary>
    public void Notice(RelayNotice kind, string subject, string detail) => _commands.Add(new RelayCommand.Notice(kind, subject, detail));

    /// <summary>Ends a step and begins the next.</summary>
    /// <returns>What the ended one said, with the wait as its last command.</returns>
    public IReadOnlyList<RelayCommand> End(RelayCommand.WaitUntil wait)
    {
        _commands.Add(wait);
        var said = _commands;
        _commands = [];
        return said;
    }
}
