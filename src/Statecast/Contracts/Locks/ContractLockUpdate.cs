namespace Statecast.Contracts.Locks;

/// <summary>What an update of the locks wrote.</summary>
public sealed class ContractLockUpdate
{
    internal ContractLockUpdate(IReadOnlyList<ContractLockFile> written) => Written = written;

    /// <summary>The files, in the order of contracts and versions; empty if every contract was as its newest lock has it.</summary>
    public IReadOnlyList<ContractLockFile> Written { get; }

    /// <summary>Whether nothing had to be written.</summary>
    public bool IsCurrent => Written.Count == 0;

    /// <inheritdoc/>
    public override string ToString() => IsCurrent ? "All contracts are as they are locked." : string.Join("\n", Written);
}

/// <summary>A lock's file that was written.</summary>
public sealed class ContractLockFile
{
    internal ContractLockFile(string contract, ContractVersion version, string path, IReadOnlyList<string> notes)
    {
        Contract = contract;
        Version = version;
        Path = path;
        Notes = notes;
    }

    /// <summary>The contract's name.</summary>
    public string Contract { get; }

    /// <summary>The version that it locks.</summary>
    public ContractVersion Version { get; }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>What targets built with an earlier version will park until they are upgraded: upgrade them before the source.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Join("\n  ", Notes.Prepend($"{Contract} {Version}: {Path}"));
}

/// <summary>A contract breaks with an earlier version of its own major. The message says where, by which rule, and what to do.</summary>
public sealed class ContractBreakException : Exception
{
    internal ContractBreakException(IReadOnlyList<string> breaks)
        : base(string.Join("\n", breaks)) { }
}
