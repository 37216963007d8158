using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>
/// Shows that the holder of a lease lives: a file beside the database, <c>&lt;database&gt;-relay-&lt;shard&gt;.lock</c>, that its process keeps locked and that
/// names its lease. The kernel drops the lock only when the process is gone; giving the mark up in order erases the name first. So a file that names a
/// lease and is not locked says that the lease's holder died.
/// </summary>
/// <remarks>
/// It may only shorten a wait, never decide who holds the lease: a lost, foreign or stale file names another lease or none, and then time alone counts.
/// Opened and given up inside write transactions of the database, so that two processes never meet at it.
/// </remarks>
internal sealed class SqliteLeaseMark : IDisposable
{
    private const int NameBytes = 16;

    private readonly FileStream _file;

    private SqliteLeaseMark(FileStream file)
    {
        _file = file;
        Span<byte> name = stackalloc byte[NameBytes];
        if (_file.Length == NameBytes && _file.ReadAtLeast(name, NameBytes, throwOnEndOfStream: false) == NameBytes)
            DeadLease = new Guid(name, bigEndian: true);
    }

    /// <summary>The lease whose holder died with this mark; null if the last one gave it up in order, or there was none.</summary>
    public Guid? DeadLease { get; }

    /// <summary>Locks the mark of a shard; null while another holder lives, or where files cannot be locked.</summary>
    public static SqliteLeaseMark? TryLock(string database, string shard)
    {
        var path = $"{database}-relay-{Uri.EscapeDataString(shard)}.lock";
        if (Open(path) is not { } file)
            return null;
        if (Open(path) is not { } second)
            return new(file);
        // Locks exclude nobody here: some file systems have none, and the runtime can be told to use none. Then an open file shows nothing.
        second.Dispose();
        file.Dispose();
        return null;
    }

    /// <summary>The lease that this process lives for; null before it was named.</summary>
    public Guid? Lease { get; private set; }

    /// <summary>Names the lease that this process lives for. False if the file cannot be written: then nobody learns of its death.</summary>
    public bool TryName(Guid lease)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        lease.TryWriteBytes(name, bigEndian: true, out _);
        try
        {
            _file.Position = 0;
            _file.Write(name);
        }
        catch (IOException)
        {
            return false;
        }
        Lease = lease;
        return true;
    }

    /// <summary>
    /// Gives the mark up; one that was only looked at keeps the name it has. The file stays: another process may have it open already, and would then lock
    /// one that no path leads to.
    /// </summary>
    public void Dispose()
    {
        try
        {
            if (Lease is not null)
                _file.SetLength(0);
        }
        finally
        {
            _file.Dispose();
        }
    }

    private static FileStream? Open(string path)
    {
        try
        {
            return PrivateFile.Open(path, FileMode.OpenOrCreate, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Locked, or not this user's to lock: the lease's time says the rest.
            return null;
        }
    }
}
