//! Sockets: every worker thread has its own listening socket on the same address (`SO_REUSEPORT`), and serves what the
//! kernel gives it, HTTP/1.1 or HTTP/2, with or without TLS.

use crate::client_certificate::Offered;
use crate::config::Limits;
use crate::front::Peer;
use crate::head_watch::{HeadWatch, Watched};
use crate::serve::serve;
use crate::tls::Secured;
use crate::upstream::connect::LocalExecutor;
use crate::worker::Worker;
use arc_swap::ArcSwapOption;
use http::header::UPGRADE;
use http::{Request, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use socket2::{Domain, Protocol, Socket, Type};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// The most requests that one HTTP/2 connection may have open.
const STREAMS: u32 = 128;

/// Binds an address, so that other threads can bind it too.
///
/// # Errors
/// As the system says: taken, not permitted, not an address of this machine.
pub(crate) fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

/// Serves a listener until the stop signal, then lets what is being answered end.
pub(crate) async fn run(
    worker: Rc<Worker>,
    listener: std::net::TcpListener,
    tls: Arc<ArcSwapOption<Secured>>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let open = Rc::new(Cell::new(0_usize));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let (worker, config, stop, open) = (worker.clone(), tls.load_full(), stop.clone(), open.clone());
                open.set(open.get() + 1);
                worker.shared.metrics.connections.inc();
                tokio::task::spawn_local(async move {
                    connection(&worker, stream, address, config, stop).await;
                    worker.shared.metrics.connections.dec();
                    open.set(open.get() - 1);
                });
            }
            // Out of file descriptors, most likely: trying again at once would only burn the processor.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    drop(listener);
    let deadline = tokio::time::Instant::now() + worker.live().plan.server.shutdown_grace;
    while open.get() > 0 && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    worker.trail.flush();
    Ok(())
}

async fn connection(worker: &Rc<Worker>, stream: TcpStream, address: SocketAddr, tls: Option<Arc<Secured>>, stop: watch::Receiver<bool>) {
    // A response must not wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let limits = worker.live().plan.limits.clone();
    let mut peer = Peer::new(address, tls.is_some());
    match tls {
        None => http(worker, TokioIo::new(stream), Rc::new(peer), &limits, stop).await,
        Some(secured) => {
            let shaking = TlsAcceptor::from(secured.config.clone()).accept(stream);
            if let Ok(Ok(stream)) = tokio::time::timeout(limits.header_timeout, shaking).await {
                let chain = stream.get_ref().1.peer_certificates();
                peer.certificate = secured.clients.as_ref().and_then(|clients| Offered::new(chain, clients));
                // In line it would make connections without TLS three times as large.
                Box::pin(http(worker, TokioIo::new(stream), Rc::new(peer), &limits, stop)).await;
            }
        }
    }
}

/// How far a connection was served.
enum Served {
    Ended,
    Stopping,
}

async fn http<I: Read + Write + Unpin + Send + 'static>(
    worker: &Rc<Worker>,
    io: I,
    peer: Rc<Peer>,
    limits: &Limits,
    mut stop: watch::Receiver<bool>,
) {
    let header_limit = usize::try_from(limits.header).unwrap_or(usize::MAX);
    let mut builder = auto::Builder::new(LocalExecutor);
    // hyper's smallest buffer is 8 KiB.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(header_limit.max(8192))
        .max_headers(limits.headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(Some(limits.idle_timeout))
        .keep_alive_timeout(limits.header_timeout);
    let watch = Arc::new(HeadWatch::default());
    let service = service_fn(|request: Request<Incoming>| {
        let (worker, peer, watch) = (worker.clone(), peer.clone(), watch.clone());
        // What follows a body may still be that body, and HTTP/2 and upgraded connections have no heads to look at.
        let head_follows =
            request.version() < Version::HTTP_2 && request.body().is_end_stream() && !request.headers().contains_key(UPGRADE);
        async move {
            let response = serve(&worker, &peer, watch.take(), request).await;
            if head_follows {
                watch.expect();
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = std::pin::pin!(builder.serve_connection_with_upgrades(Watched::new(io, watch.clone()), service));
    let mut stopping = std::pin::pin!(stop.changed());
    // hyper's own time-out begins when it knows which HTTP is spoken; who never says must not stay.
    let mut first = std::pin::pin!(tokio::time::sleep(limits.header_timeout));
    let served = poll_fn(|cx| {
        // How a connection ends concerns nobody but its two ends.
        if connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Served::Ended);
        }
        if stopping.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Served::Stopping);
        }
        if !watch.begun() && first.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Served::Ended);
        }
        Poll::Pending
    });
    if let Served::Stopping = served.await {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
