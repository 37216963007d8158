using System.Runtime.InteropServices;

namespace Statecast.Replicas.InMemory;

/// <summary>
/// Puts large pages behind arrays that are read at random: with small ones a read of cold memory waits for its page's address as well, in a virtual machine for both
/// systems' tables. A wish, on Linux from 6.1: where the system has none to give, or was told never to, nothing changes but the time a read takes.
/// </summary>
internal static class LargePages
{
    /// <summary>Where the processor has pages of another size, the system refuses, and nothing is lost.</summary>
    private const int PageBytes = 2 << 20;

    // MADV_COLLAPSE of madvise(2): for pages in use already; it asks neither for what was advised before nor for what the system's setting is.
    private const int Collapse = 25;
    private static readonly bool Allowed = OperatingSystem.IsLinux() && !IsForbidden() && CanAsk();

    /// <summary>Moves what an array holds into large pages, with what else lies in those. Its small pages are in use: what was never touched would be taken as well.</summary>
    /// <param name="pinned">An array that the collector does not move.</param>
    public static void Gather<T>(T[] pinned)
        where T : unmanaged
    {
        if (!Allowed || pinned.Length == 0)
            return;
        var from = Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);
        var end = Marshal.UnsafeAddrOfPinnedArrayElement(pinned, pinned.Length - 1);
        // Each by itself: the first and the last may reach beyond what the runtime has in use, and are refused then; the neighbour that comes there asks again.
        for (var page = from & ~(PageBytes - 1); page <= end; page += PageBytes)
            _ = Advise(page, PageBytes, Collapse);
    }

    private static bool IsForbidden()
    {
        try
        {
            return File.ReadAllText("/sys/kernel/mm/transparent_hugepage/enabled").Contains("[never]", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    // Not every Linux has its C library under this name.
    private static bool CanAsk()
    {
        try
        {
            _ = Advise(0, 0, Collapse);
            return true;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int Advise(nint address, nint bytes, int advice);
}
